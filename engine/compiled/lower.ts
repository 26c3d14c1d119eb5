/**
 * Lowers a graph to an ONNX model. One table says how each kernel is lowered, a row a kernel; a new kernel gets a
 * row here, and one in `trace/shapes.ts`.
 */
import type { Dtype, Graph, Shape, Value } from './graph/graph.js';
import { PRODUCTS } from './lower/blocked/products.js';
import { Lowering } from './lower/lowering.js';
import type { Rules } from './lower/rule.js';
import { CONVOLUTIONS } from './lower/rules/convolutions.js';
import { ELEMENTWISE } from './lower/rules/elementwise.js';
import { LOOKUPS } from './lower/rules/lookups.js';
import { MATRICES } from './lower/rules/matrices.js';
import { NORMALIZATION } from './lower/rules/normalization.js';
import { POOLING } from './lower/rules/pooling.js';
import { REDUCTIONS } from './lower/rules/reductions.js';
import { RESIZING } from './lower/rules/resizing.js';
import { SHAPES } from './lower/rules/shapes.js';
import type { Target } from './lower/target.js';
import { encodeModel, type OnnxModel } from './onnx/encode.js';
import { optimize } from './passes/passes.js';
import { unrolledProducts } from './passes/unrolled-products.js';

export const TABLE: Rules = {
  ...ELEMENTWISE,
  ...MATRICES,
  ...CONVOLUTIONS,
  ...POOLING,
  ...NORMALIZATION,
  ...REDUCTIONS,
  ...SHAPES,
  ...LOOKUPS,
  ...RESIZING,
  ...PRODUCTS,
};

export interface LoweredModel {
  bytes: Uint8Array;
  /** The graph's inputs, in the order of the model's inputs. */
  inputs: readonly Value[];
  outputs: readonly { name: string; shape: Shape; dtype: Dtype }[];
}

/** @throws Error naming a kernel that cannot be lowered */
export const lower = (graph: Graph, target: Target): LoweredModel => lowerOptimized(optimize(graph), target);

/** The same for a graph that has been through the passes. */
export function lowerOptimized(optimized: Graph, target: Target): LoweredModel {
  const { model, inputs, outputs } = onnxOf(optimized, target);
  return { bytes: encodeModel(model), inputs, outputs };
}

/** The same before it is written. */
export function onnxOf(optimized: Graph, target: Target): Omit<LoweredModel, 'bytes'> & { model: OnnxModel } {
  const { blockSize } = target;
  const graph = blockSize > 0 ? unrolledProducts(optimized, blockSize) : optimized;
  const low = new Lowering(graph, target);
  for (const node of graph.nodes) {
    const rule = TABLE[node.kernel];
    if (!rule) throw new Error(`the operation ${node.kernel} cannot be compiled`);
    rule(low, node);
  }
  const outputs = graph.outputs.map(({ name, value }) => ({
    name,
    from: low.plain(value),
    shape: value.shape,
    dtype: value.dtype,
  }));
  const model = low.onnx.finish(
    low.inputs.map((value) => ({ name: nameOf(value), type: value.dtype, shape: value.shape })),
    outputs.map(({ dtype, ...output }) => ({ ...output, type: dtype })),
  );
  return { model, inputs: low.inputs, outputs };
}

/** Names an input of the graph. */
export function nameOf({ source }: Value): string {
  if (source.kind === 'input' || source.kind === 'random') return source.name;
  throw new Error(`a ${source.kind} is no input`);
}
