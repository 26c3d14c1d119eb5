/**
 * From a graph to an ONNX model. One table says how each kernel is lowered, a row a kernel; a new kernel gets a
 * row here, and one in `trace/shapes.ts`.
 */
import type { Dtype, Graph, Shape, Value } from '../graph.js';
import { optimise } from '../passes/passes.js';
import { CONVOLUTIONS } from './convolutions.js';
import { ELEMENTWISE } from './elementwise.js';
import { LOOKUPS } from './lookups.js';
import { Lowering } from './lowering.js';
import { MATRICES } from './matrices.js';
import { NORMALISATION } from './normalisation.js';
import { POOLING } from './pooling.js';
import { REDUCTIONS } from './reductions.js';
import { RESIZING } from './resizing.js';
import type { Rules } from './rule.js';
import { SHAPES } from './shapes.js';
import type { Target } from './target.js';

export const TABLE: Rules = {
  ...ELEMENTWISE,
  ...MATRICES,
  ...CONVOLUTIONS,
  ...POOLING,
  ...NORMALISATION,
  ...REDUCTIONS,
  ...SHAPES,
  ...LOOKUPS,
  ...RESIZING,
};

export interface LoweredModel {
  bytes: Uint8Array;
  /** In the order of the model's inputs. */
  inputs: readonly Value[];
  outputs: readonly { name: string; shape: Shape; dtype: Dtype }[];
}

/** @throws Error naming a kernel that cannot be lowered */
export const lower = (graph: Graph, target: Target): LoweredModel => lowerOptimised(optimise(graph), target);

/** The same for a graph that has been through the passes. */
export function lowerOptimised(optimised: Graph, target: Target): LoweredModel {
  const low = new Lowering(optimised, target);
  for (const node of optimised.nodes) {
    const rule = TABLE[node.kernel];
    if (!rule) throw new Error(`the operation ${node.kernel} cannot be compiled`);
    rule(low, node);
  }
  const outputs = optimised.outputs.map(({ name, value }) => ({
    name,
    from: low.plain(value),
    shape: value.shape,
    dtype: value.dtype,
  }));
  const bytes = low.onnx.finish(
    low.inputs.map((value) => ({ name: nameOf(value), type: value.dtype, shape: value.shape })),
    outputs.map(({ dtype, ...output }) => ({ ...output, type: dtype })),
  );
  return { bytes, inputs: low.inputs, outputs };
}

/** Of an input of the graph. */
export function nameOf({ source }: Value): string {
  if (source.kind === 'input' || source.kind === 'random') return source.name;
  throw new Error(`a ${source.kind} is no input`);
}
