/**
 * The compiled engine: a graph of the model's training step, lowered for one ONNX Runtime and run by it. A
 * session serves one number of samples; the last few are kept.
 */
import type * as Ort from 'onnxruntime-common';
import { countConfusion } from '../../shared/data/confusion.js';
import type { Manifest } from '../../shared/data/manifest.js';
import { firstTargets } from '../../shared/data/named-parts.js';
import type { ModelDescription } from '../../shared/models/description.js';
import { type Layout, layoutOf } from '../../shared/numerics/layout.js';
import { copyShared } from '../copy-shared.js';
import { surestMistakes } from '../eager/mistakes.js';
import { scoresOf, scoresOfOutputs } from '../eager/scores.js';
import type { Batch, Engine, EvaluationSums, Shard, Sums } from '../engine.js';
import { Device, giveBack, vectorsOnDevice } from './device.js';
import type { Graph, Value } from './graph/graph.js';
import { sizeOf } from './graph/graph.js';
import { draw } from './graph/random.js';
import { type GraphWanted, keyOf } from './graph/wanted.js';
import { intermediateElements, joinShards, nameOfShard, shardOf } from './join-shards.js';
import { type LoweredModel, lower, lowerOptimized, nameOf } from './lower.js';
import { optimize } from './passes/passes.js';
import type { Joining, Runtime } from './runtime.js';

/** Sessions kept: the shard sizes of a run, its evaluation parts, the probe; more sizes under `--shards auto`. */
const SESSIONS = 32;

/** Inputs of a graph that are of the batch, by their names there. */
const INPUTS = new Map<string, 'x' | 'y' | 'weight'>([
  ['x', 'x'],
  ['y', 'y'],
  ['sampleWeight', 'weight'],
]);

export interface CompiledOptions {
  runtime: Runtime;
  model: Pick<ModelDescription, 'weights' | 'scored' | 'outputs'>;
  manifest: Pick<Manifest, 'label' | 'named'>;
  /** @throws Error naming the operation that cannot be compiled */
  graphFor(wanted: GraphWanted): Promise<Graph>;
}

type Results = Ort.InferenceSession.OnnxValueMapType;

interface Compiled {
  session: Ort.InferenceSession;
  inputs: readonly Value[];
}

export class CompiledEngine implements Engine {
  readonly name: string;
  readonly engineClass: string;
  private readonly layout: Layout;
  private readonly sessions = new Map<string, Compiled>();
  private readonly device: Device | undefined;
  /** The weights, and over the same memory a tensor for each. */
  private own: Float32Array | undefined;
  private ofOwn: readonly Ort.Tensor[] = [];
  /** Those that runs are fed with: the same, or copies on the device. */
  private weights: readonly Ort.Tensor[] = [];
  /** Known once a node of several shards has come. */
  private gainsByJoining: boolean | undefined;

  constructor(private readonly options: CompiledOptions) {
    const { runtime, model } = options;
    this.name = runtime.name;
    this.engineClass = runtime.engineClass;
    this.layout = layoutOf(model.weights);
    this.device = runtime.keepsOnDevice && new Device(runtime);
  }

  /** Compiles ahead of use. @throws Error naming the operation that cannot be compiled */
  async prepare(wanted: GraphWanted): Promise<void> {
    await this.compiled(wanted);
  }

  async setWeights(weights: Float32Array): Promise<void> {
    // A copy, since the runtime refuses shared memory; in memory that is there already, which is faster.
    this.own ??= this.tensorsOver(new Float32Array(this.layout.total));
    this.own.set(weights);
    this.weights = (await this.device?.hold(this.ofOwn)) ?? this.ofOwn;
  }

  private tensorsOver(own: Float32Array): Float32Array {
    const { Tensor } = this.options.runtime.ort;
    this.ofOwn = this.layout.slots.map(
      ({ offset, size, shape }) => new Tensor('float32', own.subarray(offset, offset + size), shape),
    );
    return own;
  }

  async gradient(batch: Batch, seed: number, into: Float32Array): Promise<Sums> {
    const compiled = await this.compiled({ kind: 'gradient', ...sizesOf(batch) });
    const results = await compiled.session.run(this.feeds(compiled, [{ batch, seed }]));
    this.write(results, into);
    return sumsOf(results);
  }

  async gradientOfShards(shards: readonly Shard[], into: Float32Array): Promise<Sums[] | undefined> {
    const { joining } = this.options.runtime;
    if (!joining || shards.length > ((this.device && joining.onDevice) ?? joining.shards)) return undefined;
    if (shards.some(({ batch }) => batch.count === 0)) return undefined;
    const run = await this.runJoined(shards, joining, true);
    if (run) this.write(run.results, into);
    return run?.sums;
  }

  /**
   * More shards than one graph joins are runs whose results are added on the device, over the same tree.
   * @param isRead whether the gradient is wanted off the device
   * @returns undefined if one by one is faster: nothing has been computed
   */
  private async runJoined(
    shards: readonly Shard[],
    joining: Joining,
    isRead: boolean,
  ): Promise<{ results: Results; sums: Sums[] } | undefined> {
    if (shards.length <= joining.shards) {
      const compiled = await this.joined(
        shards.map(({ batch }) => ({ kind: 'gradient' as const, ...sizesOf(batch) })),
        joining,
        isRead,
      );
      if (!compiled) return undefined;
      const results = await compiled.session.run(this.feeds(compiled, shards));
      return { results, sums: shards.map((_, shard) => sumsOf(results, shard)) };
    }
    const half = shards.length / 2;
    const left = await this.runJoined(shards.slice(0, half), joining, false);
    if (!left) return undefined;
    try {
      // What is gained by joining the left half is gained by the right.
      const right = (await this.runJoined(shards.slice(half), joining, false))!;
      const results = await this.device!.add(left.results, right.results, isRead);
      return { results, sums: [...left.sums, ...right.sums] };
    } catch (error) {
      giveBack(left.results);
      throw error;
    }
  }

  private write(results: Results, into: Float32Array): void {
    for (const [i, { offset, size, trainable }] of this.layout.slots.entries()) {
      const result = results[trainable ? `gradient:${i}` : `change:${i}`];
      // A weight that the loss does not depend on has no gradient.
      if (result) copyShared(into, result.data as Float32Array, offset);
      else into.fill(0, offset, offset + size);
    }
  }

  async evaluate(batch: Batch): Promise<EvaluationSums> {
    const compiled = await this.compiled({ kind: 'evaluation', ...sizesOf(batch) });
    const results = await compiled.session.run(this.feeds(compiled, [{ batch, seed: 0 }]));
    const { model, manifest } = this.options;
    const { predicted, confidence } = results;
    const numbers = () =>
      Object.fromEntries(
        Object.entries(results).map(([name, { data }]) => [name, data as unknown as ArrayLike<number>]),
      );
    const sums = {
      ...sumsOf(results),
      ...(model.scored && scoresOf(model.scored, manifest.label, batch, numbers())),
      ...(model.outputs && { scores: scoresOfOutputs(model.outputs, numbers()) }),
    };
    if (!predicted) return sums;
    const guesses = predicted.data as Int32Array;
    const actual = firstTargets(manifest, batch.count, batch.y);
    const confusion = countConfusion(manifest.label, actual, guesses);
    if (!confusion) return sums;
    const mistakes =
      confidence && surestMistakes(batch.count, guesses, actual, confidence.data as Float32Array);
    return { ...sums, confusion, ...(mistakes ? { mistakes } : {}) };
  }

  dispose(): void {
    for (const { session } of this.sessions.values()) void session.release();
    this.sessions.clear();
    this.device?.dispose();
    this.own = undefined;
    this.ofOwn = [];
    this.weights = [];
  }

  private feeds({ inputs }: Compiled, shards: readonly Shard[]): Record<string, Ort.Tensor> {
    const { Tensor } = this.options.runtime.ort;
    const feeds: Record<string, Ort.Tensor> = {};
    for (const value of inputs) {
      const { source, shape, dtype } = value;
      const { name, shard } = shardOf(nameOf(value));
      const { batch, seed } = shards[shard]!;
      const input = INPUTS.get(name);
      if (source.kind === 'random') {
        feeds[source.name] = new Tensor('float32', draw(source.draw, seed, sizeOf(shape)), shape);
      } else if (source.kind === 'input') {
        feeds[source.name] = input
          ? new Tensor(dtype, batch[input] as never, shape)
          : this.weights[Number(name.slice('weight:'.length))]!;
      }
    }
    return feeds;
  }

  private async compiled(wanted: GraphWanted): Promise<Compiled> {
    const key = keyOf(wanted);
    return (
      this.recall(key) ??
      this.open(key, lower(await this.options.graphFor(wanted), this.options.runtime.target))
    );
  }

  /** The joined graph for shards of these sizes; undefined if one by one is faster. */
  private async joined(
    all: readonly GraphWanted[],
    { elements }: Joining,
    isRead: boolean,
  ): Promise<Compiled | undefined> {
    if (this.gainsByJoining === false) return undefined;
    const keys = all.map(keyOf);
    const key = `${keys}${isRead ? '' : ' on the device'}`;
    const known = this.recall(key);
    if (known) return known;
    const optimized = new Map<string, Graph>();
    for (const wanted of all) {
      if (!optimized.has(keyOf(wanted)))
        optimized.set(keyOf(wanted), optimize(await this.options.graphFor(wanted)));
    }
    const largest = Math.max(...[...optimized.values()].map(intermediateElements));
    this.gainsByJoining ??= largest <= elements;
    if (!this.gainsByJoining) return undefined;
    const graph = joinShards(keys.map((key) => optimized.get(key)!));
    return this.open(key, lowerOptimized(graph, this.options.runtime.target), isRead);
  }

  private recall(key: string): Compiled | undefined {
    const known = this.sessions.get(key);
    if (!known) return undefined;
    // The last used stands last.
    this.sessions.delete(key);
    this.sessions.set(key, known);
    return known;
  }

  private async open(
    key: string,
    { bytes, inputs, outputs }: LoweredModel,
    isRead = true,
  ): Promise<Compiled> {
    const { ort, session: options } = this.options.runtime;
    const session = await ort.InferenceSession.create(
      bytes,
      isRead ? options : { ...options, preferredOutputLocation: vectorsOnDevice(outputs) },
    );
    const names = new Set(session.inputNames);
    const compiled: Compiled = {
      session,
      inputs: inputs.filter((value) => names.has(nameOf(value))),
    };
    this.sessions.set(key, compiled);
    for (const [oldest, { session }] of this.sessions) {
      if (this.sessions.size <= SESSIONS) break;
      this.sessions.delete(oldest);
      await session.release();
    }
    return compiled;
  }
}

const sizesOf = ({ count, length }: Batch): Pick<GraphWanted, 'samples' | 'length'> => ({
  samples: count,
  ...(length !== undefined && { length }),
});

/** @param shard of a run of several */
function sumsOf(results: Results, shard?: number): Sums {
  const of = (name: string) =>
    results[shard === undefined ? name : nameOfShard(name, shard)]!.data[0 as never];
  return { loss: Number(of('loss')), metric: Number(of('metric')) };
}
