/**
 * A replica's part of a round, as what an engine is asked for: many updates from the round's weights instead of one
 * gradient. A pure function of the round's vector, the samples, the seed and the learning rates, whatever was computed
 * before: it begins anew each time, and hands the engine the round's weights again where others are asked for.
 *
 * It writes, each times samples: of trained weights how much they have fallen, which an optimizer of the coordinator takes
 * for a gradient; of statistics their change; of what the optimizer remembers what that is in the end.
 */
import { type Layout, layoutOf, type WeightSpec } from '../../../shared/numerics/layout.js';
import { mix } from '../../../shared/numerics/random.js';
import { runLayout } from '../../../shared/numerics/rounds/round-layout.js';
import { innerOptimizer, keptSlots, type LocalTerms } from '../../../shared/numerics/rounds/terms.js';
import { shardBounds } from '../../../shared/numerics/tree.js';
import { normScale } from '../../../shared/numerics/update/clip.js';
import { createKernels } from '../../../shared/numerics/update/kernels/create.js';
import type { Kernels } from '../../../shared/numerics/update/kernels/kernels.js';
import type { Hyper, Optimizer, Part } from '../../../shared/numerics/update/optimizers/optimizer.js';
import { constrainedIn, project } from '../../../shared/numerics/update/project.js';
import type { Batch, Engine, EvaluationSums, Replica, ReplicaSums, Sums } from '../../engine.js';
import { partOf } from './batch-part.js';

/** @returns the engine itself where a run makes no rounds */
export const trainingLocally = (
  engine: Engine,
  { local, model }: { local?: LocalTerms | undefined; model: { weights: readonly WeightSpec[] } },
): Engine => (local ? new LocalTrainer(engine, local, model.weights) : engine);

export class LocalTrainer implements Engine {
  readonly name: string;
  readonly engineClass: string;
  private readonly model: Layout;
  private readonly run: Layout;
  private readonly optimizer: Optimizer;
  /** Those of its vectors of which the round's vector has a mean. */
  private readonly kept: readonly number[];
  private readonly kernels: Kernels;
  /** The round's vector. */
  private start: Float32Array;
  /** Weights of the model: those in hand, and those that an update makes of them. */
  private weights: Float32Array;
  private next: Float32Array;
  private readonly gradientOf: Float32Array;
  private readonly slots: readonly Float32Array[];
  /** Whether the engine has the round's weights. */
  private hasStart = false;

  constructor(
    private readonly engine: Engine,
    private readonly terms: LocalTerms,
    specs: readonly WeightSpec[],
  ) {
    this.name = engine.name;
    this.engineClass = engine.engineClass;
    this.model = layoutOf(specs);
    this.run = runLayout(specs, terms);
    this.optimizer = innerOptimizer(terms);
    this.kept = keptSlots(this.optimizer, terms.state);
    const { total, trainable } = this.model;
    const slots = this.optimizer.slots.length;
    this.kernels = createKernels({ capacityFloats: 3 * (total + 8) + slots * (trainable + 8) });
    const vector = () => this.kernels.allocate(total);
    [this.weights, this.next, this.gradientOf] = [vector(), vector(), vector()];
    this.slots = this.optimizer.slots.map(() => this.kernels.allocate(trainable));
    this.start = new Float32Array(this.run.total);
  }

  async setWeights(weights: Float32Array): Promise<void> {
    this.start.set(weights);
    this.hasStart = false;
  }

  async gradient(
    batch: Batch,
    seed: number,
    into: Float32Array,
    replica?: Replica,
  ): Promise<Sums & ReplicaSums> {
    if (!replica) throw new Error('a shard of a round without its learning rates');
    const { rates, before } = replica.updates;
    await this.giveStart();
    this.begin();
    const bounds = shardBounds(batch.count, rates.length);
    const sums = { loss: 0, metric: 0, samples: 0 };
    for (const [at, learningRate] of rates.entries()) {
      const part = partOf(batch, bounds[at]!, bounds[at + 1]!);
      if (part.count === 0) continue;
      if (sums.samples > 0) {
        if (await replica.isStopped()) return sums;
        await this.engine.setWeights(this.weights);
        this.hasStart = false;
      }
      const { loss, metric } = await this.engine.gradient(part, mix(seed, at), this.gradientOf);
      sums.loss += loss;
      sums.metric += metric;
      sums.samples += part.count;
      const sinceFirst = this.terms.state === 'average' ? {} : { sinceFirst: at + 1 };
      const t = this.terms.state === 'none' ? at + 1 : before + at + 1;
      this.update(part.count, { learningRate, t, ...sinceFirst });
    }
    this.write(into, sums.samples);
    await this.giveStart();
    return sums;
  }

  async evaluate(batch: Batch): Promise<EvaluationSums> {
    await this.giveStart();
    return this.engine.evaluate(batch);
  }

  dispose(): void {
    this.engine.dispose();
  }

  /** The engine computes with the round's weights. */
  private async giveStart(): Promise<void> {
    if (this.hasStart) return;
    this.takeStart();
    await this.engine.setWeights(this.weights);
    this.hasStart = true;
  }

  private takeStart(): void {
    const own = this.run.moving - this.run.state;
    for (const vector of [this.weights, this.next]) {
      vector.set(this.start.subarray(0, own));
      vector.set(this.start.subarray(this.run.moving), own);
    }
  }

  private begin(): void {
    this.takeStart();
    for (const [i, { initial }] of this.optimizer.slots.entries()) this.slots[i]!.fill(initial);
    for (const [i, place] of this.kept.entries()) this.slots[place]!.set(this.stateOf(i, this.start));
  }

  /** Where a vector of the run has what is kept of the optimizer's vector number `i`. */
  private stateOf(i: number, vector: Float32Array): Float32Array {
    const { moving, state, trainable } = this.run;
    const from = moving - state + i * trainable;
    return vector.subarray(from, from + trainable);
  }

  /** Makes the next weights of the sum of a gradient over so many samples. */
  private update(samples: number, hyper: Hyper): void {
    const { kernels, optimizer, next, model } = this;
    const { trainable, moving } = model;
    const gradient = this.gradientOf.subarray(0, trainable);
    const squares = kernels.mean(gradient, { other: undefined, by: samples });
    const { clipNorm, clipValue } = this.terms;
    const scale = clipNorm > 0 ? normScale(Math.sqrt(squares), clipNorm) : 1;
    if (scale < 1) kernels.scale(gradient, scale);
    if (clipValue > 0) kernels.clamp(gradient, clipValue);
    if (optimizer.updateWhole) {
      const tensors = model.slots.filter((slot) => slot.trainable);
      const parts = tensors.map(({ offset, size }) => [this.part(offset, offset + size)]);
      optimizer.updateWhole(kernels, parts, hyper);
    } else optimizer.update(kernels, this.part(0, trainable), hyper);
    for (const { offset, size, shape, constraint } of constrainedIn(model.slots))
      project(next.subarray(offset, offset + size), shape, constraint);
    const changes = this.gradientOf.subarray(trainable, moving);
    kernels.divide(changes, samples);
    const statistics = next.subarray(trainable, moving);
    statistics.set(this.weights.subarray(trainable, moving));
    kernels.add(statistics, changes);
    [this.weights, this.next] = [next, this.weights];
  }

  private part(from: number, to: number): Part {
    const cut = (vector: Float32Array) => vector.subarray(from, to);
    return {
      weights: cut(this.weights),
      next: cut(this.next),
      gradient: cut(this.gradientOf),
      slots: this.slots.map(cut),
    };
  }

  private write(into: Float32Array, samples: number): void {
    const { trainable, moving } = this.model;
    const { weights, start } = this;
    into.fill(0);
    for (let i = 0; i < trainable; i++) into[i] = Math.fround(start[i]! - weights[i]!) * samples;
    for (let i = trainable; i < moving; i++) into[i] = Math.fround(weights[i]! - start[i]!) * samples;
    for (const [at, place] of this.kept.entries()) {
      const state = this.slots[place]!;
      const own = this.stateOf(at, into);
      for (let i = 0; i < state.length; i++) own[i] = state[i]! * samples;
    }
  }
}
