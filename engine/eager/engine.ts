/**
 * The eager engine: TF.js itself, on the backend that it has been given. The reference for every other engine.
 *
 * TF.js is handed in: which build of it runs is the caller's choice. One engine at a time in a process,
 * since the backend is TF.js's global state.
 */
import type * as TensorFlow from '@tensorflow/tfjs';
import { countConfusion } from '../../shared/data/confusion.js';
import type { FedRecords } from '../../shared/data/manifest.js';
import { firstTargets, hasSeveralOutputs } from '../../shared/data/named-parts.js';
import type { ModelDescription } from '../../shared/models/description.js';
import { setWeight } from '../../shared/models/write-weights.js';
import { type Layout, layoutOf } from '../../shared/numerics/layout.js';
import { Random } from '../../shared/numerics/random.js';
import type { Batch, Engine, EvaluationSums, Sums } from '../engine.js';
import { cuttingToBuckets } from '../lanes/tokens/cut-batches.js';
import { installCpuKernels } from './kernels/cpu-kernels.js';
import { surestMistakes } from './mistakes.js';
import { evaluationOf, gradientsOf, type ModelStep, type StepInputs } from './model-step.js';
import { openModel } from './open-model.js';
import { scoresOf, scoresOfOutputs } from './scores.js';

export interface EagerOptions {
  tf: typeof TensorFlow;
  /** A backend that `tf` has: it must be set already. */
  backend: string;
  engineClass: string;
  model: ModelDescription;
  manifest: FedRecords;
}

export async function createEagerEngine(options: EagerOptions): Promise<Engine> {
  const { tf, model, manifest } = options;
  installCpuKernels(tf);
  return cuttingToBuckets(new EagerEngine(options, await openModel(tf, model, manifest)), manifest);
}

class EagerEngine implements Engine {
  readonly name: string;
  readonly engineClass: string;
  private readonly layout: Layout;
  private readonly model: TensorFlow.LayersModel;
  /** What `setWeights` gave for weights that no gradient trains. */
  private statistics: Float32Array[] = [];

  constructor(
    private readonly options: EagerOptions,
    private readonly step: ModelStep,
  ) {
    const { backend, engineClass, model } = options;
    this.name = `eager/${backend}`;
    this.engineClass = engineClass;
    this.layout = layoutOf(model.weights);
    this.model = step.model;
  }

  async setWeights(weights: Float32Array): Promise<void> {
    const { tf } = this.options;
    this.statistics = [];
    for (const [i, { shape, offset, size, trainable }] of this.layout.slots.entries()) {
      // A copy: backends may keep the array they are given.
      const values = weights.slice(offset, offset + size);
      if (!trainable) this.statistics.push(values);
      tf.tidy(() => setWeight(this.step.weights[i]!, tf.tensor(values, shape)));
    }
  }

  async gradient(batch: Batch, seed: number, into: Float32Array): Promise<Sums> {
    const { tf } = this.options;
    const { loss, metric, gradients } = withRandomness(seed, () =>
      tf.tidy(() => gradientsOf(this.step, this.inputs(batch))),
    );
    try {
      for (const [i, gradient] of gradients.entries()) {
        const { offset, size } = this.layout.slots[i]!;
        // A weight that the loss does not depend on has no gradient.
        if (gradient) into.set((await gradient.data()) as Float32Array, offset);
        else into.fill(0, offset, offset + size);
      }
      await this.takeStatistics(batch.count, into);
      return { loss: (await loss.data())[0]!, metric: (await metric.data())[0]! };
    } finally {
      tf.dispose([loss, metric, ...gradients.filter((gradient) => gradient !== undefined)]);
    }
  }

  async evaluate(batch: Batch): Promise<EvaluationSums> {
    const { tf } = this.options;
    const { label } = this.options.manifest;
    const { loss, metric, predicted, confidence, scores } = tf.tidy(() =>
      evaluationOf(this.step, this.inputs(batch)),
    );
    try {
      const sums = {
        loss: (await loss.data())[0]!,
        metric: (await metric.data())[0]!,
        ...(await this.scores(batch, scores)),
      };
      if (!predicted) return sums;
      // One entry a sample, or one a position.
      const guesses = await predicted.data();
      const actual = firstTargets(this.options.manifest, batch.count, batch.y);
      const confusion = countConfusion(label, actual, guesses);
      if (!confusion) return sums;
      const mistakes =
        confidence && surestMistakes(batch.count, guesses, actual, (await confidence.data()) as Float32Array);
      return { ...sums, confusion, ...(mistakes ? { mistakes } : {}) };
    } finally {
      tf.dispose({ loss, metric, predicted, confidence, scores } as unknown as TensorFlow.TensorContainer);
    }
  }

  private async scores(batch: Batch, tensors: Record<string, TensorFlow.Tensor>) {
    const { model, manifest } = this.options;
    const computed: Record<string, ArrayLike<number>> = {};
    for (const [name, tensor] of Object.entries(tensors)) computed[name] = await tensor.data();
    if (model.outputs) return { scores: scoresOfOutputs(model.outputs, computed) };
    if (!model.scored) return {};
    return scoresOf(model.scored, manifest.label, batch, computed);
  }

  dispose(): void {
    this.model.dispose();
  }

  private inputs({ count, x, y, weight, length }: Batch): StepInputs {
    const { tf, manifest } = this.options;
    const shape = length === undefined ? manifest.x.shape : [length];
    const values = tf.tensor(Float32Array.from(x), [count, ...shape], 'float32');
    // The targets of several outputs may be of different kinds: float32 holds classes too.
    const target =
      manifest.label.kind === 'class' && !hasSeveralOutputs(manifest.named)
        ? tf.tensor(Int32Array.from(y), [count, ...manifest.y.shape], 'int32')
        : tf.tensor(Float32Array.from(y), [count, ...manifest.y.shape], 'float32');
    // A copy, as of the others: backends may keep the array.
    return { x: values, target, ...(weight && { weight: tf.tensor1d(Float32Array.from(weight)) }) };
  }

  /** Writes how far the forward pass moved each weight that no gradient trains, times samples; moves it back. */
  private async takeStatistics(count: number, into: Float32Array): Promise<void> {
    const { tf } = this.options;
    const slots = this.layout.slots.filter((slot) => !slot.trainable);
    const first = this.layout.slots.length - slots.length;
    for (const [i, { offset, shape }] of slots.entries()) {
      const weight = this.step.weights[first + i]!;
      const before = this.statistics[i]!;
      const after = (await weight.read().data()) as Float32Array;
      for (let j = 0; j < before.length; j++) into[offset + j] = (after[j]! - before[j]!) * count;
      tf.tidy(() => setWeight(weight, tf.tensor(before.slice(), shape)));
    }
  }
}

/**
 * Runs `compute` with TF.js's unseeded randomness (dropout, noise) drawn from a stream of `seed`: TF.js
 * seeds its generators by Math.random where a layer has no seed. The forward pass is synchronous, so
 * no other code can see the replacement.
 */
function withRandomness<T>(seed: number, compute: () => T): T {
  const original = Math.random;
  const random = new Random(seed);
  Math.random = () => random.float();
  try {
    return compute();
  } finally {
    Math.random = original;
  }
}
