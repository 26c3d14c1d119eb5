/**
 * How weights travel to workers in a run that codes them (`--weights`): which bytes, and what a worker makes of them. What
 * workers hold, and compute with, is what the bytes say; the coordinator has the same and, beside it, the weights in float32.
 */
import type { Layout } from '../../layout.js';
import { Bfloat16Code } from './bfloat16-code.js';

/** `--weights`. */
export const WEIGHTS_CODES = ['f32', 'bf16'] as const;

/** What `welcome` says of it. */
export type WeightsCoding = 'bf16';

/** @param coding undefined: weights travel in float32 */
export function createWeightsCode(
  coding: WeightsCoding | undefined,
  layout: Layout,
): Bfloat16Code | undefined {
  return coding && new Bfloat16Code(layout);
}
