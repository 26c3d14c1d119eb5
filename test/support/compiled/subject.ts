/** Models with data for them, and engines of both kinds on them. */
import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs';
import * as ort from 'onnxruntime-node';
import type { DataHead } from '../../../coordinator/prepare/model/topology/reference.js';
import type { ModelFunction } from '../../../coordinator/prepare/model/topology/request.js';
import { buildTopology } from '../../../coordinator/prepare/model/topology/topology.js';
import { CompiledEngine } from '../../../engine/compiled/engine.js';
import { checkGraph } from '../../../engine/compiled/graph/check-graph.js';
import type { Graph } from '../../../engine/compiled/graph/graph.js';
import { loadGraph, storeGraph } from '../../../engine/compiled/graph/graph-json.js';
import { type GraphWanted, keyOf } from '../../../engine/compiled/graph/wanted.js';
import type { Target } from '../../../engine/compiled/lower/target.js';
import type { Runtime } from '../../../engine/compiled/runtime.js';
import { createTracer } from '../../../engine/compiled/trace/trace-source.js';
import { createEagerEngine } from '../../../engine/eager/engine.js';
import type { Batch, Engine, Sums } from '../../../engine/engine.js';
import type { LabelKind } from '../../../shared/data/manifest.js';
import type { ModelDescription } from '../../../shared/models/description.js';
import { type Layout, layoutOf } from '../../../shared/numerics/layout.js';
import type { LossName } from '../../../shared/numerics/losses.js';
import { Random } from '../../../shared/numerics/random.js';

export interface Subject {
  description: ModelDescription;
  layout: Layout;
  weights: Float32Array;
  data: DataHead;
  batch(samples: number, seed?: number): Batch;
}

export interface SubjectOptions {
  model: string | ModelFunction;
  x: DataHead['x'];
  label?: LabelKind;
  loss?: LossName;
  /** Tokens below the number of classes, and a class for each position. */
  text?: boolean;
}

export async function subjectOf({
  model,
  x,
  label = { kind: 'class', classes: 10 },
  loss,
  text = false,
}: SubjectOptions): Promise<Subject> {
  const isClass = label.kind === 'class';
  const isSeveral = label.kind === 'multilabel';
  const y: DataHead['y'] = isSeveral
    ? { shape: [label.classes], dtype: 'uint8' }
    : isClass
      ? { shape: text ? x.shape : [], dtype: 'uint8' }
      : { shape: [3], dtype: 'float32' };
  const size = x.shape.reduce((a, b) => a * b, 1);
  const below = text && isClass ? label.classes : 256;
  const batch = (samples: number, seed = 1): Batch => {
    const random = new Random(seed);
    const numbers = (count: number, next: () => number) => Array.from({ length: count }, next);
    const labels = isSeveral
      ? Uint8Array.from(numbers(samples * label.classes, () => random.below(2)))
      : isClass
        ? Uint8Array.from(numbers(samples * (text ? size : 1), () => random.below(label.classes)))
        : Float32Array.from(numbers(samples * 3, () => random.between(-1, 1)));
    const bytes = x.dtype === 'uint8';
    const values = bytes
      ? Uint8Array.from(numbers(samples * size, () => random.below(below)))
      : x.dtype === 'int32'
        ? Int32Array.from(numbers(samples * size, () => random.below(8)))
        : Float32Array.from(numbers(samples * size, () => random.between(-1, 1)));
    return { count: samples, x: values, y: labels };
  };
  const normalisation =
    x.dtype === 'uint8' && !text
      ? { scale: 1 / 255, mean: [0.45], std: [0.25] }
      : { scale: 1, mean: [0], std: [1] };
  const data: DataHead = {
    name: 'random',
    x,
    y,
    label,
    normalisation,
    first: [batch(2)],
    trainRecords: 2,
    testRecords: 2,
  };
  const { description, weights } = await buildTopology({ model, data, loss, seed: 7 });
  return { description, layout: layoutOf(description.weights), weights, data, batch };
}

/** TF.js on its `cpu` backend. */
export async function eagerEngine({ description, data, weights }: Subject): Promise<Engine> {
  await tf.setBackend('cpu');
  const engine = await createEagerEngine({
    tf,
    backend: 'cpu',
    engineClass: 'reference',
    model: description,
    manifest: data,
  });
  await engine.setWeights(weights);
  return engine;
}

/** Graphs as a coordinator serves them: of no target, so that all engines of a subject read the same. */
const served = new WeakMap<Subject, Map<string, string>>();

async function graphFor(subject: Subject, wanted: GraphWanted): Promise<Graph> {
  const graphs = served.get(subject) ?? new Map<string, string>();
  served.set(subject, graphs);
  const key = keyOf(wanted);
  if (!graphs.has(key)) {
    await tf.setBackend('cpu');
    const tracer = await createTracer(tf, subject.description, subject.data);
    const graph = JSON.stringify(storeGraph(tracer.trace(wanted)));
    tracer.dispose();
    // As a worker does with what it is served.
    checkGraph(JSON.parse(graph));
    graphs.set(key, graph);
  }
  return loadGraph(JSON.parse(graphs.get(key)!));
}

export async function compiledEngine(
  subject: Subject,
  target: Target,
  runtime: Partial<Runtime> = {},
): Promise<CompiledEngine> {
  const engine = new CompiledEngine({
    runtime: {
      name: 'compiled/test',
      engineClass: 'compiled/test',
      target,
      ort,
      session: { executionProviders: ['cpu'], intraOpNumThreads: 1, graphOptimizationLevel: 'disabled' },
      ...runtime,
    },
    model: subject.description,
    manifest: subject.data,
    graphFor: (wanted) => graphFor(subject, wanted),
  });
  await engine.setWeights(subject.weights);
  return engine;
}

export interface Gradient extends Sums {
  values: Float32Array;
}

export async function gradientOf(
  engine: Engine,
  { layout }: Subject,
  batch: Batch,
  seed = 3,
): Promise<Gradient> {
  const values = new Float32Array(layout.total).fill(Number.NaN);
  const sums = await engine.gradient(batch, seed, values);
  return { ...sums, values };
}

/** A gradient that is so much smaller than the largest is rounding noise: a bias before batch normalization. */
const NOISE = 1e-4;

/** The largest difference of a weight's gradient, relative to its largest value; over all weights. */
export function worstDifference(
  layout: Layout,
  actual: Gradient,
  expected: Gradient,
): { slot: string; distance: number } {
  let worst = {
    slot: 'loss',
    distance: Math.abs(actual.loss - expected.loss) / Math.max(1e-6, Math.abs(expected.loss)),
  };
  const largest = expected.values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  for (const { name, offset, size } of layout.slots) {
    let difference = 0;
    let scale = 0;
    for (let i = offset; i < offset + size; i++) {
      difference = Math.max(difference, Math.abs(actual.values[i]! - expected.values[i]!));
      if (Number.isNaN(actual.values[i]!)) difference = Number.POSITIVE_INFINITY;
      scale = Math.max(scale, Math.abs(expected.values[i]!));
    }
    // What is rounding noise in both (a bias before batch normalization) is held to the gradient as a whole.
    const distance = difference / (scale < NOISE * largest ? largest : scale || 1);
    if (distance > worst.distance) worst = { slot: name, distance };
  }
  return worst;
}

export const hashOf = (values: Float32Array): string =>
  createHash('sha256').update(new Uint8Array(values.buffer)).digest('hex');
