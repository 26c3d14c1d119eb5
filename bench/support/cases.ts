/** The models that engines are timed with, and random records for them. */
import { buildModel } from '../../coordinator/prepare/model/build-model.js';
import type { DataHead } from '../../coordinator/prepare/model/topology/reference.js';
import type { CompiledSubject } from '../../engine/compiled/start.js';
import type { Batch } from '../../engine/engine.js';
import { Random } from '../../shared/numerics/random.js';

export interface Case {
  model: string;
  spec: string;
  shape: number[];
  classes: number;
  kind: 'images' | 'tokens';
  batch: number;
}

export const CASES: Case[] = [
  { model: 'mlp', spec: 'mlp:512,512', shape: [784], classes: 10, kind: 'images', batch: 64 },
  { model: 'cnn', spec: 'cnn', shape: [28, 28, 1], classes: 10, kind: 'images', batch: 64 },
  { model: 'resnet', spec: 'resnet', shape: [32, 32, 3], classes: 10, kind: 'images', batch: 64 },
  { model: 'lstm', spec: 'lstm', shape: [64], classes: 65, kind: 'tokens', batch: 8 },
  { model: 'gpt', spec: 'gpt', shape: [64], classes: 65, kind: 'tokens', batch: 8 },
];

export interface BenchSubject extends CompiledSubject {
  weights: Float32Array;
  batchOfRecords: Batch;
}

export async function subjectOf({ spec, shape, classes, kind, batch }: Case): Promise<BenchSubject> {
  const random = new Random(1);
  const size = shape.reduce((a, b) => a * b, 1);
  const isText = kind === 'tokens';
  const bytes = (count: number, below: number) =>
    Uint8Array.from({ length: count }, () => random.below(below));
  const batchOfRecords: Batch = {
    count: batch,
    x: bytes(batch * size, isText ? classes : 256),
    y: bytes(batch * (isText ? size : 1), classes),
  };
  const data: DataHead = {
    name: 'random numbers',
    x: { shape, dtype: 'uint8' },
    y: { shape: isText ? shape : [], dtype: 'uint8' },
    label: { kind: 'class', classes },
    normalisation: isText ? { scale: 1, mean: [0], std: [1] } : { scale: 1 / 255, mean: [0.5], std: [0.25] },
    first: [
      { count: 1, x: batchOfRecords.x.slice(0, size), y: batchOfRecords.y.slice(0, isText ? size : 1) },
    ],
    trainRecords: batch,
    testRecords: 1,
  };
  const run = { batchSize: batch, shards: 1, shardSamples: batch };
  const { description, weights, program } = await buildModel({
    model: spec,
    data,
    loss: undefined,
    seed: 1,
    run,
  });
  return { model: description, manifest: data, shardSamples: batch, program, weights, batchOfRecords };
}
