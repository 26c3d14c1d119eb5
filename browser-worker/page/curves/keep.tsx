/** Buttons by which a chart is taken away: as a picture, as a table, as JSON. */
import type { RefObject } from 'preact';
import type { CurveRun, Quantity } from './curve-data.js';
import { csvOf, jsonOf, pictureOf, rowsOf, save } from './export.js';

interface KeepProps {
  title: string;
  runs: CurveRun[];
  quantity: Quantity;
  /** It holds the chart's canvas. */
  panel: RefObject<HTMLElement | null>;
}

export function Keep({ title, runs, quantity, panel }: KeepProps) {
  const name = `${runs.map((run) => run.name).join('-')}-${title.toLowerCase().replaceAll(' ', '-')}`;
  const picture = async () => {
    const canvas = panel.current?.querySelector('canvas');
    if (!canvas) return;
    const style = getComputedStyle(canvas);
    const blob = await pictureOf(canvas, `${title}: ${runs.map((run) => run.name).join(', ')}`, (color) =>
      style.getPropertyValue(`--${color}`).trim(),
    );
    if (blob) save(`${name}.png`, blob, 'image/png');
  };
  const rows = () => rowsOf(runs, quantity);
  return (
    <span class="keep">
      <button type="button" class="small" aria-label={`Save ${title} as PNG`} onClick={picture}>
        PNG
      </button>
      <button
        type="button"
        class="small"
        aria-label={`Save ${title} as CSV`}
        onClick={() => save(`${name}.csv`, csvOf(rows()), 'text/csv')}
      >
        CSV
      </button>
      <button
        type="button"
        class="small"
        aria-label={`Save ${title} as JSON`}
        onClick={() => save(`${name}.json`, jsonOf(rows()), 'application/json')}
      >
        JSON
      </button>
    </span>
  );
}
