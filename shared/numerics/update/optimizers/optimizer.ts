/**
 * An update rule: pure, with explicit state. It sees parts of the flat vector, never the whole model,
 * so that a chunk can be updated, and sent on, as soon as its gradient is complete.
 */
import type { Kernels, MeanOf } from '../kernels/kernels.js';

/** What changes from step to step. */
export interface Hyper {
  learningRate: number;
  /** Number of this update, from 1. */
  t: number;
  /** Number of this update since what is remembered of first moments was 0; default: `t`. */
  sinceFirst?: number;
}

/** A stretch of the flat vector: vectors of equal length from the kernels' memory. */
export interface Part {
  weights: Float32Array;
  /** Receives the new weights; all of it is written. */
  next: Float32Array;
  /** The mean gradient. The rule may overwrite it. */
  gradient: Float32Array;
  /** ...or what is to be made the mean first, and how. */
  meanOf?: MeanOf | undefined;
  /** The rule's state vectors, in the order of `slots`; updated in place. */
  slots: Float32Array[];
}

export interface Optimizer {
  /**
   * State vectors, each as long as the trainable weights, and their value before the first update. Those of second
   * moments are never below 0, nor is a mean of several of them.
   */
  readonly slots: readonly { name: string; initial: number; isSecondMoment?: true }[];
  /**
   * Updates one part, which may be any part of the vector: each element by itself.
   * @returns the sum of squares of the mean, if it was still to be made
   */
  update(kernels: Kernels, part: Part, hyper: Hyper): number;
  /**
   * Of rules that look at whole weight tensors: called instead of `update`, once a step when all of the
   * gradient is known, with the parts of each tensor in order.
   */
  updateWhole?(kernels: Kernels, tensors: Part[][], hyper: Hyper): void;
}

/** The options of an update rule beside its learning rate, where one takes them. */
export interface OptimizerOptions {
  momentum: number;
  nesterov: boolean;
  dampening: number;
  weightDecay: number;
}

/** A row of the table of optimizers: all that the command line, its help and its checks say of one. */
export interface OptimizerKind<Name extends string = string> {
  readonly name: Name;
  /** Where it is chosen without the options that go with it: PyTorch's, but for `lr`; 0 where one is left out. */
  readonly defaults: { readonly lr: number; readonly momentum?: number; readonly weightDecay?: number };
  /** The options that mean something to it; the others are refused. */
  readonly takes: readonly (keyof OptimizerOptions)[];
  /** What the options do not say is as in PyTorch. */
  create(options: OptimizerOptions): Optimizer;
}
