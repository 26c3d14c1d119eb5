/** Computes a traced function by TF.js: the eager engine runs it, the compiled one traces it with the model around it. */
import type * as TensorFlow from '@tensorflow/tfjs';
import type { TracedFunction } from '../../../shared/models/description.js';
import { type Graph, sizeOf, type Value } from '../../compiled/graph/graph.js';
import { graphFor, type OpenGraph } from '../../compiled/graph/open-graph.js';
import { runKernel } from './kernels.js';

type Tf = typeof TensorFlow;
type Tensor = TensorFlow.Tensor;

/** What a function is given; its graph's inputs have these names. */
export interface Arguments {
  /** The labels of n samples. */
  yTrue: Tensor;
  /** The model's output for them: [n, ...outputs]. */
  yPred: Tensor;
}

/** One number for each sample: [n]. */
export type PerSample = (tf: Tf, inputs: Arguments) => Tensor;

/** Graphs kept: of the sizes of shards and of evaluation parts. */
const KEPT = 64;

/** @returns what computes the function, of any number of samples; it throws Error for a graph that cannot be */
export function replayer({ name, graph }: TracedFunction): PerSample {
  const graphs = new Map<number, Graph>();
  const graphOf = (samples: number): Graph => {
    const known = graphs.get(samples);
    if (known) return known;
    if (graphs.size >= KEPT) graphs.clear();
    const made = graphFor(graph as unknown as OpenGraph, samples);
    graphs.set(samples, made);
    return made;
  };
  return (tf, inputs) => {
    const samples = inputs.yPred.shape[0]!;
    const result = replay(tf, graphOf(samples), { ...inputs });
    if (result.shape.length === 1 && result.shape[0] === samples) return result;
    throw new Error(`${name} gives [${result.shape}] for ${samples} samples`);
  };
}

/** @returns the graph's first output. @throws Error for an input that the graph has in another shape */
export function replay(tf: Tf, graph: Graph, inputs: Readonly<Record<string, Tensor>>): Tensor {
  const known = new Map<Value, Tensor>();
  const leaf = ({ source, shape, dtype }: Value): Tensor => {
    if (source.kind === 'constant') return constant(tf, source.values, shape, dtype as 'float32');
    const given = source.kind === 'input' ? inputs[source.name] : undefined;
    if (!given) throw new Error(`a traced function has no ${source.kind} of that name`);
    if (`${given.shape}` !== `${shape}` || given.dtype !== dtype)
      throw new Error(`a traced function takes ${dtype}[${shape}], not ${given.dtype}[${given.shape}]`);
    return given;
  };
  const tensorOf = (value: Value): Tensor => {
    const made = known.get(value) ?? leaf(value);
    known.set(value, made);
    return made;
  };
  for (const { kernel, inputs: read, attributes, outputs } of graph.nodes) {
    const tensors = Object.fromEntries(Object.entries(read).map(([name, value]) => [name, tensorOf(value)]));
    const results = runKernel(tf, kernel, { inputs: tensors, attributes, outputs });
    for (const [i, value] of outputs.entries()) known.set(value, results[i]!);
  }
  return tensorOf(graph.outputs[0]!.value);
}

/** One value may stand for all elements. */
function constant(tf: Tf, values: ArrayLike<number>, shape: readonly number[], dtype: 'float32'): Tensor {
  const size = sizeOf(shape);
  const all = values.length === size ? Array.from(values) : new Array<number>(size).fill(values[0]!);
  const typed = (dtype as string) === 'float32' ? Float32Array.from(all) : Int32Array.from(all);
  return tf.tensor((dtype as string) === 'bool' ? Uint8Array.from(all) : typed, [...shape], dtype);
}
