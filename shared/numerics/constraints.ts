/** The constraint that projects a weight after each update, as its layer asks; part of a model's description. */

/** Bounds the norm over `axes`, or makes it 1; each position in the other axes has a norm of its own. */
interface NormConstraint {
  /** Axes of the weight that a norm is taken over, from 0. */
  axes: number[];
}

export type Constraint =
  /** No element is below 0. */
  | { kind: 'nonNegative' }
  | ({ kind: 'unitNorm' } & NormConstraint)
  /** `rate` 1: the norm is at once within the bounds; below: it goes that share of the way. */
  | ({ kind: 'normBetween'; min: number; max: number; rate: number } & NormConstraint);
