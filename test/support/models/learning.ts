/** Small learning problems: data, a model, and an engine on TF.js's `cpu` backend. */
import * as tf from '@tensorflow/tfjs';
import type { DataSet } from '../../../coordinator/prepare/data/source.js';
import { headOf } from '../../../coordinator/prepare/model/topology/reference.js';
import type { BuiltModel, ModelSource } from '../../../coordinator/prepare/model/topology/request.js';
import { buildTopology } from '../../../coordinator/prepare/model/topology/topology.js';
import { createEagerEngine } from '../../../engine/eager/engine.js';
import type { Batch, Engine } from '../../../engine/engine.js';
import type { LossName } from '../../../shared/numerics/losses.js';
import { Random } from '../../../shared/numerics/random.js';

export interface Problem {
  data: DataSet;
  built: BuiltModel;
}

/** `samples` random images of `shape`, in `classes` classes; all of them are training samples. */
export function imageData(samples: number, shape: number[], classes: number, seed = 1): DataSet {
  const random = new Random(seed);
  const size = shape.reduce((product, length) => product * length, 1);
  const x = Uint8Array.from({ length: samples * size }, () => random.below(256));
  const y = Uint8Array.from({ length: samples }, () => random.below(classes));
  const records = { count: samples, x, y };
  return {
    name: 'random images',
    x: { shape, dtype: 'uint8' },
    y: { shape: [], dtype: 'uint8' },
    label: { kind: 'class', classes },
    normalisation: { scale: 1 / 255, mean: [0.5], std: [0.29] },
    train: records,
    test: records,
  };
}

/** `samples` rows of `columns` numbers, with `outputs` numbers to predict. */
export function tableData(samples: number, columns: number, outputs: number, seed = 1): DataSet {
  const random = new Random(seed);
  const numbers = (length: number) => Float32Array.from({ length }, () => random.between(-2, 2));
  const records = { count: samples, x: numbers(samples * columns), y: numbers(samples * outputs) };
  return {
    name: 'random table',
    x: { shape: [columns], dtype: 'float32' },
    y: { shape: [outputs], dtype: 'float32' },
    label: { kind: 'value' },
    normalisation: { scale: 1, mean: [0], std: [1] },
    train: records,
    test: records,
  };
}

export async function problem(
  data: DataSet,
  model: ModelSource,
  loss?: LossName,
  seed = 1,
): Promise<Problem> {
  return { data, built: await buildTopology({ model, data: headOf(data), loss, seed }) };
}

export async function cpuEngine({ data, built }: Problem): Promise<Engine> {
  await tf.setBackend('cpu');
  return createEagerEngine({
    tf,
    backend: 'cpu',
    engineClass: 'eager/cpu@test',
    model: built.description,
    manifest: data,
  });
}

/** The training records of `indices`. */
export function batchOf({ train, x, y }: DataSet, indices: ArrayLike<number>): Batch {
  const size = (shape: number[]) => shape.reduce((product, length) => product * length, 1);
  const pick = (values: Batch['x'], each: number): Batch['x'] => {
    const picked = values.slice(0, indices.length * each);
    for (let i = 0; i < indices.length; i++) {
      picked.set(values.subarray(indices[i]! * each, (indices[i]! + 1) * each), i * each);
    }
    return picked;
  };
  return { count: indices.length, x: pick(train.x, size(x.shape)), y: pick(train.y, size(y.shape)) };
}
