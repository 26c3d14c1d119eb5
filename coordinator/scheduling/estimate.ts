/**
 * A running estimate of a positive quantity (a speed, a delay) that follows its measurements, but not one
 * outlier: a measurement far off is doubted until the next one agrees with it, and then believed at once.
 */

/** Weight of the newest measurement: a small change is followed within about ten. */
const WEIGHT = 0.2;
/** A measurement that differs from the estimate by more than this factor is an outlier. */
const FAR = 2;

export interface Estimate {
  value: number;
  /** The last measurement, if it was an outlier and has not been believed yet. */
  doubted: number | undefined;
}

/** The estimate after one more measurement. Pure. */
export function follow(estimate: Estimate | undefined, measured: number): Estimate {
  if (!estimate) return { value: measured, doubted: undefined };
  const { value, doubted } = estimate;
  if (!isFar(measured, value)) return { value: value + WEIGHT * (measured - value), doubted: undefined };
  if (doubted === undefined || doubted > value !== measured > value) return { value, doubted: measured };
  // Two in a row on the same side are news. The one that is nearer to what was known is the safer guess.
  const near = measured > value ? Math.min(measured, doubted) : Math.max(measured, doubted);
  return { value: near, doubted: undefined };
}

const isFar = (measured: number, value: number) => measured > FAR * value || measured < value / FAR;
