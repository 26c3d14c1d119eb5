/** What is drawn over a curve besides its lines: flags of events, the step that is looked at, a ring on the best. */
import type uPlot from 'uplot';
import type { XKind } from '../data/address.js';
import { xOf } from './axis/x-axis.js';
import { type CurveRun, isEvaluated, type Quantity } from './curve-data.js';
import { bestOf, FLAGS, type Flag } from './flags.js';

export interface Marks {
  flags: (Flag & { x: number })[];
  /** Of the step that is looked at. */
  pinned: number | undefined;
  best: { x: number; value: number; text: string; color: string }[];
}

export interface Marked {
  runs: CurveRun[];
  quantity: Quantity;
  x: XKind;
  step: number | undefined;
  flags: readonly Flag[];
  format(value: number): string;
}

/** Flags are of one run: of several nobody could tell whose they are. */
export function marksOf({ runs, quantity, x, step, flags, format }: Marked): Marks {
  const [first] = runs;
  if (!first) return { flags: [], pinned: undefined, best: [] };
  return {
    flags: runs.length > 1 ? [] : flags.map((flag) => ({ ...flag, x: xOf(first, x, flag.step) })),
    pinned: step === undefined ? undefined : xOf(first, x, step),
    best: isEvaluated(quantity)
      ? runs.flatMap((run) => {
          const best = bestOf(run.view, quantity);
          const color = runs.length > 1 ? run.color : 'test';
          if (!best) return [];
          return [
            {
              x: xOf(run, x, best.step),
              value: best.value,
              text: runs.length > 1 ? '' : `best ${format(best.value)}`,
              color,
            },
          ];
        })
      : [],
  };
}

const FLAG_PX = 8;
const RING_PX = 6;

/** @param color resolves a CSS variable */
export function drawMarks(plot: uPlot, marks: Marks, color: (name: string) => string): void {
  const { ctx: context, bbox } = plot;
  const ratio = devicePixelRatio;
  const [left, right] = [bbox.left, bbox.left + bbox.width];
  const [top, bottom] = [bbox.top, bbox.top + bbox.height];
  const across = (x: number) => plot.valToPos(x, 'x', true);
  const line = (x: number, width: number) => {
    context.lineWidth = width * ratio;
    context.beginPath();
    context.moveTo(x, top);
    context.lineTo(x, bottom);
    context.stroke();
  };
  context.save();
  for (const { x: at, kind } of marks.flags) {
    const x = across(at);
    if (x < left - 1 || x > right + 1) continue;
    const look = FLAGS[kind];
    context.strokeStyle = context.fillStyle = color(look.color);
    if (look.hasLine) {
      context.globalAlpha = 0.35;
      line(x, 1);
    }
    context.globalAlpha = 0.9;
    // A checkpoint is a tick below; what is worth a look stands above.
    const side = (look.hasLine ? FLAG_PX : FLAG_PX / 2) * ratio;
    context.beginPath();
    if (look.hasLine) {
      context.moveTo(x, top);
      context.lineTo(x + side, top + side / 2);
      context.lineTo(x, top + side);
    } else {
      context.rect(x - ratio / 2, bottom - side, ratio, side);
    }
    context.fill();
  }
  context.globalAlpha = 1;
  if (marks.pinned !== undefined) {
    const x = across(marks.pinned);
    context.strokeStyle = color('accent');
    if (x >= left - 1 && x <= right + 1) line(x, 2);
  }
  for (const { x: at, value, text, color: name } of marks.best) {
    const [x, y] = [across(at), plot.valToPos(value, 'y', true)];
    if (x < left - 1 || x > right + 1 || y < top - 1 || y > bottom + 1) continue;
    context.strokeStyle = context.fillStyle = color(name);
    context.lineWidth = 2 * ratio;
    context.beginPath();
    context.arc(x, y, RING_PX * ratio, 0, 2 * Math.PI);
    context.stroke();
    // Of several runs the labels would stand on each other.
    if (text) drawLabel(context, text, { x, y, ratio, right, bottom, halo: color('card') });
  }
  context.restore();
}

/** Beside the ring, where there is room for it. */
function drawLabel(
  context: CanvasRenderingContext2D,
  text: string,
  place: { x: number; y: number; ratio: number; right: number; bottom: number; halo: string },
): void {
  const { x, y, ratio, right, bottom, halo } = place;
  context.font = `600 ${11 * ratio}px system-ui, sans-serif`;
  context.textBaseline = 'middle';
  const gap = (RING_PX + 4) * ratio;
  const fits = x + gap + context.measureText(text).width <= right;
  context.textAlign = fits ? 'left' : 'right';
  const [across, down] = [x + (fits ? gap : -gap), Math.min(bottom - 8 * ratio, y + 14 * ratio)];
  context.lineWidth = 3 * ratio;
  context.strokeStyle = halo;
  context.strokeText(text, across, down);
  context.fillText(text, across, down);
}
