/**
 * How weights travel to workers in a run that codes them (`--weights`): which bytes, and what a worker makes of them. What
 * workers hold, and compute with, is what the bytes say; the coordinator has the same and, beside it, the weights in float32.
 */
import type { Layout } from '../../layout.js';
import { Bfloat16Code } from './bfloat16-code.js';
import { ChangeCode } from './change-code.js';
import type { WeightsCoding } from './codings.js';

export type WeightsCode = Bfloat16Code | ChangeCode;

/** @param coding undefined: weights travel in float32 */
export function createWeightsCode(
  coding: WeightsCoding | undefined,
  layout: Layout,
): WeightsCode | undefined {
  if (!coding) return undefined;
  return coding === 'bf16' ? new Bfloat16Code(layout) : new ChangeCode(coding, layout);
}
