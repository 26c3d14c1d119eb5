/** The losses and metrics that the coordinator offers, by name. Their computation belongs to the engines. */
export const LOSSES = [
  'categoricalCrossentropy',
  'binaryCrossentropy',
  'meanSquaredError',
  'meanAbsoluteError',
  'huber',
] as const;
/** The losses that are named, by `--loss` and in model files. */
export type LossName = (typeof LOSSES)[number];

/** `accuracy`: the share of samples predicted right. `meanAbsoluteError`: for losses on numbers. */
export type MetricName = 'accuracy' | 'meanAbsoluteError';

export function metricOf(loss: LossName): MetricName {
  return loss === 'categoricalCrossentropy' || loss === 'binaryCrossentropy'
    ? 'accuracy'
    : 'meanAbsoluteError';
}
