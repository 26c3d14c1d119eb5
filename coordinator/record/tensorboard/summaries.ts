/** What TensorBoard is shown of a run: lines of `metrics.jsonl` as scalars, weights as histograms, mistakes as pictures. */
import type { TensorSpec } from '../../../shared/data/manifest.js';
import type { HistogramView, ModelView, ShownMistake } from '../../../shared/status/monitoring.js';
import type { Histogram, SummaryValue } from './event.js';
import { encodePng } from './png.js';

/** A line of `metrics.jsonl`. */
export type MetricsLine = Readonly<Record<string, unknown>>;

/** What is no curve. */
const NO_SCALARS = ['step', 'epoch', 'samples', 'time'];
/** How many mistakes are shown. */
const MAX_MISTAKES = 16;

/** The folder of a line's curves; undefined: it is no point of a curve. */
export function directoryOf({ type, set }: MetricsLine): 'train' | 'validation' | 'test' | undefined {
  if (type === 'step') return 'train';
  if (type === 'evaluation') return set === 'validation' ? 'validation' : 'test';
  return type === 'test' ? 'test' : undefined;
}

/** The numbers of a line under their names in the file. */
export const scalarsOf = (line: MetricsLine): SummaryValue[] =>
  Object.entries(line).flatMap(([tag, value]) =>
    typeof value === 'number' && !NO_SCALARS.includes(tag) ? [{ tag, scalar: value }] : [],
  );

export function histogramsOf({ histograms }: Pick<ModelView, 'histograms'>): SummaryValue[] {
  return (histograms?.weights ?? []).flatMap(({ name, weights, gradients }) => [
    ...(weights ? [{ tag: `weights/${name}`, histogram: histogramOf(weights) }] : []),
    ...(gradients ? [{ tag: `gradients/${name}`, histogram: histogramOf(gradients) }] : []),
  ]);
}

function histogramOf({ min, max, mean, deviation, counts }: HistogramView): Histogram {
  const count = counts.reduce((sum, of) => sum + of, 0);
  const width = (max - min) / counts.length;
  const isPoint = width === 0;
  return {
    min,
    max,
    count,
    sum: count * mean,
    sumOfSquares: count * (deviation ** 2 + mean ** 2),
    // All values are in the first bin where there is one value alone.
    limits: isPoint ? [max] : counts.map((_, i) => (i + 1 === counts.length ? max : min + (i + 1) * width)),
    counts: isPoint ? [count] : counts,
  };
}

/** Pictures of what the model got wrong, and a table of what it took them for. */
export function mistakesOf({ evaluation, x, label }: ModelView): SummaryValue[] {
  const mistakes = (evaluation?.mistakes ?? []).slice(0, MAX_MISTAKES).filter(({ x }) => x !== null);
  if (mistakes.length === 0) return [];
  const nameOf = (id: number) => (label.kind === 'class' && label.names?.[id]) || String(id);
  const rows = mistakes.map(
    ({ record, actual, predicted, confidence }, i) =>
      `| ${i + 1} | ${record} | ${nameOf(actual)} | ${nameOf(predicted)} | ${confidence.toFixed(3)} |`,
  );
  const head = ['| picture | record | is | taken for | probability |', '| --- | --- | --- | --- | --- |'];
  return [
    ...mistakes.map((mistake, i) => ({ tag: `mistakes/${i + 1}`, picture: pictureOf(mistake, x) })),
    { tag: 'mistakes', text: [...head, ...rows].join('\n') },
  ];
}

function pictureOf({ x }: ShownMistake, { shape, dtype }: TensorSpec) {
  const [height, width, channels = 1] = shape as [number, number, number?];
  const bytes = Buffer.from(x!, 'base64');
  const pixels = dtype === 'uint8' ? bytes : stretched(bytes);
  return { height, width, channels, png: encodePng({ height, width, channels, pixels }) };
}

/** Floats from the least to the greatest, as 0 to 255. */
function stretched(bytes: Buffer): Uint8Array {
  const values = new Float32Array(Uint8Array.from(bytes).buffer);
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  const factor = max > min ? 255 / (max - min) : 0;
  return Uint8Array.from(values, (value) => Math.round((value - min) * factor));
}
