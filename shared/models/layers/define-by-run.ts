/**
 * A layer whose forward pass is a program: `forward` of the user's module is called for each record in turn, and may
 * branch and loop on what the record holds. TF.js' tape writes the backward pass of what was computed.
 *
 * A topology names the program by its hash alone. Who computes has it from a file of its own (`holdForward`).
 */
import type * as TensorFlow from '@tensorflow/tfjs';
import { sizeOf } from '../../numerics/shape.js';
import { messageOf, UserError } from '../../user-error.js';
import { defineLayer, required } from './define-layer.js';
import type { InitializerConfig, Tf } from './layer.js';
import type { ModelModule } from './model-module.js';

/** What one record is to `forward`. */
export interface ForwardRecord {
  /** The record's numbers, row by row, as the data set has them. */
  values: Float32Array;
  /** Of one record. */
  shape: readonly number[];
  /** The same as a tensor of that shape. */
  tensor(): TensorFlow.Tensor;
}

/** What `forward` is given. */
export interface ForwardGiven {
  /** The TF.js that computes: tensors of another copy mean nothing to it. */
  tf: Tf;
  /** The parameters by their names. */
  weights: Readonly<Record<string, TensorFlow.Tensor>>;
  record: ForwardRecord;
  /** Not in an evaluation, nor where a model predicts. */
  training: boolean;
}

/**
 * The outputs for one record, by operations of `tf` alone: as many numbers as the data ask for, of classes logits. It
 * must give the same for the same record, weights and course of `Math.random`, which is seeded: it may keep nothing
 * from one call to the next.
 */
export type Forward = (given: ForwardGiven) => TensorFlow.Tensor;

/** By the hash of the file that has it. */
const held = new Map<string, Forward>();

/** From now on this thread can compute models of this program. */
export function holdForward({ sha256 }: ModelModule, forward: Forward): void {
  held.set(sha256, forward);
}

/** A parameter in a topology; its initializer gets its seed there. */
export interface StoredParameter {
  name: string;
  shape: number[];
  initializer: InitializerConfig;
}

export const defineByRun = defineLayer({
  options: {
    module: required<ModelModule>(),
    parameters: required<StoredParameter[]>(),
    /** Of one record. */
    outputShape: required<number[]>(),
  },
  weights: ({ parameters }) =>
    Object.fromEntries(
      parameters.map(({ name, shape, initializer }) => [name, { shape, initial: initializer }]),
    ),
  outputShape: ({ outputShape }, [batch]) => [batch!, ...outputShape],
  call(tf, x, { options: { module, outputShape }, weights, training }) {
    const forward = held.get(module.sha256);
    if (!forward) throw new Error(`the program ${module.name} (SHA-256 ${module.sha256}) is not here`);
    const [count, ...shape] = x.shape as [number, ...number[]];
    const all = x.dataSync() as Float32Array;
    const size = sizeOf(shape);
    const outputs: TensorFlow.Tensor[] = [];
    for (let at = 0; at < count; at++) {
      const values = all.slice(at * size, (at + 1) * size);
      const record = { values, shape, tensor: () => tf.tensor(values, shape) };
      outputs.push(outputOf(module, forward, { tf, weights, record, training }, outputShape));
    }
    return tf.stack(outputs);
  },
});

/** @throws UserError that names the module: whoever computes this record meets the same */
function outputOf(
  { name }: ModelModule,
  forward: Forward,
  given: ForwardGiven,
  shape: number[],
): TensorFlow.Tensor {
  const output = thrownBy(name, () => forward(given)) as unknown;
  if (!(output instanceof given.tf.Tensor))
    throw new UserError(
      `${name}: forward gave ${output instanceof Promise ? 'a promise' : typeof output}, not a tensor: it must return one, and must not be async`,
    );
  if (output.size !== sizeOf(shape))
    throw new UserError(`${name}: forward gave a tensor of [${output.shape}], the data ask for [${shape}]`);
  return output.reshape(shape);
}

function thrownBy<T>(name: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw new UserError(`${name}: forward has thrown: ${messageOf(error)}`, 1, { cause: error });
  }
}
