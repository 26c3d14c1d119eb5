/** Which rows of a long table are worth drawing: those in sight of its scrolling box, and some around them. */
import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** Shorter tables are drawn whole. */
const MANY_ROWS = 60;
/** Drawn above and below, so that a quick scroll shows no gaps. */
const MARGIN_ROWS = 12;
/** The assumed row height until a row has been measured. */
const USUAL_ROW_PX = 30;

export interface RowRange {
  from: number;
  to: number;
  /** Heights of what is not drawn, in pixels. */
  above: number;
  below: number;
}

/** @param box scrolls, and has the table; all rows are of one height, and carry `data-row` */
export function useVisibleRows(box: RefObject<HTMLElement | null>, rows: number): RowRange {
  const isLong = rows > MANY_ROWS;
  const [seen, setSeen] = useState({ first: 0, count: MANY_ROWS, height: USUAL_ROW_PX });
  useEffect(() => {
    const element = box.current;
    if (!isLong || !element) return;
    const look = () => {
      const height = element.querySelector('[data-row]')?.getBoundingClientRect().height || USUAL_ROW_PX;
      const first = Math.floor(element.scrollTop / height / MARGIN_ROWS) * MARGIN_ROWS;
      const count = Math.ceil(element.clientHeight / height);
      // Most scrolling stays within what is drawn: then nothing changes.
      setSeen((before) =>
        before.first === first && before.count === count && before.height === height
          ? before
          : { first, count, height },
      );
    };
    look();
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener('scroll', look, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', look);
    };
  }, [box, isLong]);
  if (!isLong) return { from: 0, to: rows, above: 0, below: 0 };
  const { first, count, height } = seen;
  const to = Math.min(rows, first + count + 2 * MARGIN_ROWS);
  const from = Math.max(0, Math.min(first - MARGIN_ROWS, to - count));
  return { from, to, above: from * height, below: (rows - to) * height };
}
