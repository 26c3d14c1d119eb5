/**
 * `--schedule plateau`: the learning rate falls where evaluations get no better. Pure functions, with the meaning and the
 * arithmetic of PyTorch's `ReduceLROnPlateau(factor, patience, min_lr, threshold=--min-delta, threshold_mode='abs')`.
 */
import type { FigureName } from './figures.js';

export interface PlateauOptions {
  figure: FigureName;
  higherIsBetter: boolean;
  minDelta: number;
  /** So many evaluations in a row that are no better are borne; the next one lowers the rate. */
  patience: number;
  /** By which the rate is multiplied. */
  factor: number;
  minRate: number;
}

/** What a checkpoint keeps of it. Plain JSON. */
export interface Plateau {
  figure: FigureName;
  best: number | null;
  /** Evaluations since the best one, or since the rate was lowered. */
  bad: number;
}

/** A rate that would fall by less is left as it is: PyTorch's `eps`. */
const LEAST_FALL = 1e-8;

export const noPlateau = (figure: FigureName): Plateau => ({ figure, best: null, bad: 0 });

/** @returns what is known after one more evaluation, and whether it lowers the rate */
export function weighed(
  { figure, best, bad }: Plateau,
  value: number,
  { higherIsBetter, minDelta, patience }: PlateauOptions,
): { plateau: Plateau; lowers: boolean } {
  const isBetter =
    Number.isFinite(value) &&
    (best === null || (higherIsBetter ? value > best + minDelta : value < best - minDelta));
  if (isBetter) return { plateau: { figure, best: value, bad: 0 }, lowers: false };
  const lowers = bad + 1 > patience;
  return { plateau: { figure, best, bad: lowers ? 0 : bad + 1 }, lowers };
}

/** @returns the rate that takes the place of `rate`; undefined: none does */
export function lowered(rate: number, { factor, minRate }: PlateauOptions): number | undefined {
  const next = Math.max(rate * factor, minRate);
  return rate - next > LEAST_FALL ? next : undefined;
}
