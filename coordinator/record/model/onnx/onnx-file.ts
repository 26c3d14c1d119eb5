/**
 * A model's forward pass as ONNX: standard operators of opset 17, any number of samples, weights by their names. It is
 * the compiled engine's own trace and lowering, so that whatever this engine computes can be exported, and both are
 * tested by one table of layers (docs/engine-coverage.md).
 */
import type * as TensorFlow from '@tensorflow/tfjs';
import { PORTABLE_GPU } from '../../../../engine/compiled/lower/target.js';
import { onnxOf } from '../../../../engine/compiled/lower.js';
import { encodeModel, type OnnxModel } from '../../../../engine/compiled/onnx/encode.js';
import { optimize } from '../../../../engine/compiled/passes/passes.js';
import { partName, traceModel } from '../../../../engine/compiled/trace/trace.js';
import type { RecordFormat } from '../../../../shared/data/manifest.js';
import { loadBlank } from '../../../../shared/models/load.js';
import { sizeOf } from '../../../../shared/numerics/shape.js';
import { UserError } from '../../../../shared/user-error.js';
import { VERSION } from '../../../../shared/version.js';
import type { PortableModel } from '../portable-model.js';
import { freeBatch, type Lowered, Unlike } from './free-batch.js';
import { inOpset17 } from './opset-17.js';

/** Numbers of samples that are hardly a size of the model too; the next ones are tried where one is. */
const SAMPLES: readonly (readonly [number, number, number])[] = [
  [127, 131, 137],
  [211, 223, 227],
  [307, 311, 313],
];

/** What protobuf can hold. */
const MAX_BYTES = 2 ** 31 - 1;

export interface OnnxRequest {
  model: PortableModel;
  /** What the model takes and gives. */
  records: Pick<RecordFormat, 'x' | 'y' | 'label' | 'named'>;
  metadata: Readonly<Record<string, string>>;
}

/**
 * Input: `input`, float32, or int32 for numbers of tokens. Output: `probabilities` of classes, also where the model ends
 * in logits, or `prediction`. Several have the names of the parts, in their order; an output that is called as an input is,
 * with `_output` behind.
 * @param tf on a backend that computes at once
 * @throws UserError naming what ONNX cannot say
 */
export async function onnxFile(tf: typeof TensorFlow, request: OnnxRequest): Promise<Uint8Array> {
  const { model, records, metadata } = request;
  if (4 * model.values.length > MAX_BYTES)
    throw new UserError('ONNX holds no more than 2 GiB in a file: --format safetensors holds any size', 2);
  try {
    const free = await anyBatch(tf, request);
    const named = withNames(inOpset17(free), endNames(records));
    return encodeModel(named, {
      graph: 'model',
      producer: { name: 'swarmgrad', version: VERSION },
      metadata,
      opsets: [['', 17]],
    });
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      `the model cannot be written as ONNX: ${(error as Error).message}; --format tfjs and safetensors take every model`,
      2,
    );
  }
}

async function anyBatch(tf: typeof TensorFlow, { model, records }: OnnxRequest): Promise<OnnxModel> {
  const layers = await loadBlank(tf, model.topology);
  const { label, y, named } = records;
  const x = { shape: records.x.shape, dtype: inputType(records) };
  const normalisation = { scale: 1, mean: [0], std: [1] };
  const manifest = { x, y, label, normalisation, ...(named && { named }) };
  const labels = named?.outputs.map((part) => part.label) ?? [label];
  const lowered = (samples: number): Lowered => {
    const { weights } = layers;
    const step = {
      tf,
      model: layers,
      weights,
      manifest,
      outputs: labels.map((label) => ({
        ...{ label, loss: 'meanSquaredError' as const, weight: 1, fromLogits: false },
      })),
    };
    const graph = traceModel({ ...step, kind: 'prediction', samples });
    // As for GPUs: of standard operators alone.
    const { model: onnx } = onnxOf(optimize(graph), PORTABLE_GPU);
    return { model: onnx, samples };
  };
  try {
    for (const [i, sizes] of SAMPLES.entries()) {
      try {
        const [a, b, c] = sizes.map(lowered) as [Lowered, Lowered, Lowered];
        const inputs = Object.keys(endNames(records)).filter((name) => name.startsWith('x'));
        return withWeights(freeBatch([a, b, c], inputs), layers, model);
      } catch (error) {
        if (!(error instanceof Unlike) || i === SAMPLES.length - 1) throw error;
      }
    }
    throw new Error('no number of samples was tried');
  } finally {
    layers.dispose();
  }
}

/** Numbers of tokens, with a class for each, stay whole numbers; all else is float32, as most programs have it. */
const inputType = ({ x, y, label }: Pick<RecordFormat, 'x' | 'y' | 'label'>): 'int32' | 'float32' =>
  x.dtype === 'int32' || (x.dtype === 'uint8' && label.kind === 'class' && y.shape.length > 0)
    ? 'int32'
    : 'float32';

/** The weights as constants in the place of inputs. */
function withWeights(onnx: OnnxModel, layers: TensorFlow.LayersModel, model: PortableModel): OnnxModel {
  const values = new Map<string, Float32Array>();
  let at = 0;
  for (const { name, shape } of model.weights) {
    values.set(name, model.values.subarray(at, at + sizeOf(shape)));
    at += sizeOf(shape);
  }
  const names = new Map(layers.weights.map(({ originalName }, i) => [`weight:${i}`, originalName]));
  const weights = onnx.inputs.filter(({ name }) => names.has(name));
  const renamed = (name: string) => names.get(name) ?? name;
  return {
    ...onnx,
    nodes: onnx.nodes.map((node) => ({ ...node, inputs: node.inputs.map(renamed) })),
    constants: [
      ...weights.map(({ name, shape }) => {
        const own = names.get(name)!;
        const of = values.get(own);
        if (!of) throw new Error(`the model has no weight ${own}`);
        return { name: own, type: 'float32' as const, shape: shape as number[], bytes: bytesOf(of) };
      }),
      ...onnx.constants,
    ],
    inputs: onnx.inputs.filter(({ name }) => !names.has(name)),
  };
}

/** Little-endian, as the machine must be. */
const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** How others call the ends, by the names of the trace. */
function endNames({ label, named }: OnnxRequest['records']): Record<string, string> {
  const inputs = named && named.inputs.length > 1 ? named.inputs.map(({ name }) => name) : ['input'];
  const outputs =
    named && named.outputs.length > 1
      ? named.outputs.map(({ name }) => (inputs.includes(name) ? `${name}_output` : name))
      : [label.kind === 'value' ? 'prediction' : 'probabilities'];
  return Object.fromEntries([
    ...inputs.map((name, at) => [partName('x', at, inputs.length), name]),
    ...outputs.map((name, at) => [partName('output', at, outputs.length), name]),
  ]);
}

/** Ends as others call them. */
function withNames(onnx: OnnxModel, names: Readonly<Record<string, string>>): OnnxModel {
  const renamed = (name: string) => names[name] ?? name;
  const named = <T extends { name: string }>(values: readonly T[]): T[] =>
    values.map((value) => ({ ...value, name: renamed(value.name) }));
  return {
    ...onnx,
    nodes: onnx.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(renamed),
      outputs: node.outputs.map(renamed),
    })),
    inputs: named(onnx.inputs),
    outputs: named(onnx.outputs),
  };
}
