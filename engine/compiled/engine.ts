/**
 * The compiled engine: a graph of the model's training step, lowered for one ONNX Runtime and run by it. A
 * session serves one number of samples; the last few are kept.
 */
import type * as Ort from 'onnxruntime-common';
import { confusionClasses, type Manifest } from '../../shared/data/manifest.js';
import type { ModelDescription } from '../../shared/models/description.js';
import { type Layout, layoutOf } from '../../shared/numerics/layout.js';
import { surestMistakes } from '../eager/mistakes.js';
import type { Batch, Engine, EvaluationSums, Shard, Sums } from '../engine.js';
import type { Graph, Value } from './graph/graph.js';
import { sizeOf } from './graph/graph.js';
import { draw } from './graph/random.js';
import type { GraphWanted } from './graph/wanted.js';
import { intermediateElements, joinShards, nameOfShard, shardOf } from './join-shards.js';
import { type LoweredModel, lower, lowerOptimized, nameOf } from './lower.js';
import { optimize } from './passes/passes.js';
import type { Joining, Runtime } from './runtime.js';

/** Sessions kept: the shard sizes of a run, its evaluation parts, the probe; more sizes under `--shards auto`. */
const SESSIONS = 32;

export interface CompiledOptions {
  runtime: Runtime;
  model: Pick<ModelDescription, 'weights'>;
  manifest: Pick<Manifest, 'label'>;
  /** @throws Error naming the operation that cannot be compiled */
  graphFor(wanted: GraphWanted): Promise<Graph>;
}

interface Compiled {
  session: Ort.InferenceSession;
  inputs: readonly Value[];
}

export class CompiledEngine implements Engine {
  readonly name: string;
  readonly engineClass: string;
  private readonly layout: Layout;
  private readonly sessions = new Map<string, Compiled>();
  /** The weights, and over the same memory a tensor for each. */
  private own: Float32Array | undefined;
  private weights: Ort.Tensor[] = [];
  /** Known once a node of several shards has come. */
  private gainsByJoining: boolean | undefined;

  constructor(private readonly options: CompiledOptions) {
    const { runtime, model } = options;
    this.name = runtime.name;
    this.engineClass = runtime.engineClass;
    this.layout = layoutOf(model.weights);
  }

  /** Compiles ahead of use. @throws Error naming the operation that cannot be compiled */
  async prepare(wanted: GraphWanted): Promise<void> {
    await this.compiled(wanted);
  }

  async setWeights(weights: Float32Array): Promise<void> {
    // A copy, since the runtime refuses shared memory; in memory that is there already, which is faster.
    this.own ??= this.tensorsOver(new Float32Array(this.layout.total));
    this.own.set(weights);
  }

  private tensorsOver(own: Float32Array): Float32Array {
    const { Tensor } = this.options.runtime.ort;
    this.weights = this.layout.slots.map(
      ({ offset, size, shape }) => new Tensor('float32', own.subarray(offset, offset + size), shape),
    );
    return own;
  }

  async gradient(batch: Batch, seed: number, into: Float32Array): Promise<Sums> {
    const compiled = await this.compiled({ kind: 'gradient', samples: batch.count });
    const results = await compiled.session.run(this.feeds(compiled, [{ batch, seed }]));
    this.write(results, into);
    return sumsOf(results);
  }

  async gradientOfShards(shards: readonly Shard[], into: Float32Array): Promise<Sums[] | undefined> {
    const { joining } = this.options.runtime;
    if (!joining || shards.length > joining.shards) return undefined;
    if (shards.some(({ batch }) => batch.count === 0)) return undefined;
    const compiled = await this.joined(
      shards.map(({ batch }) => batch.count),
      joining,
    );
    if (!compiled) return undefined;
    const results = await compiled.session.run(this.feeds(compiled, shards));
    this.write(results, into);
    return shards.map((_, shard) => sumsOf(results, shard));
  }

  private write(results: Ort.InferenceSession.OnnxValueMapType, into: Float32Array): void {
    for (const [i, { offset, size, trainable }] of this.layout.slots.entries()) {
      const result = results[trainable ? `gradient:${i}` : `change:${i}`];
      // A weight that the loss does not depend on has no gradient.
      if (result) into.set(result.data as Float32Array, offset);
      else into.fill(0, offset, offset + size);
    }
  }

  async evaluate(batch: Batch): Promise<EvaluationSums> {
    const compiled = await this.compiled({ kind: 'evaluation', samples: batch.count });
    const results = await compiled.session.run(this.feeds(compiled, [{ batch, seed: 0 }]));
    const classes = confusionClasses(this.options.manifest.label);
    const { predicted, confidence } = results;
    if (classes === 0 || !predicted) return sumsOf(results);
    const confusion = new Int32Array(classes * classes);
    const guesses = predicted.data as Int32Array;
    for (const [i, guess] of guesses.entries()) confusion[batch.y[i]! * classes + guess]!++;
    const mistakes =
      confidence && surestMistakes(batch.count, guesses, batch.y, confidence.data as Float32Array);
    return { ...sumsOf(results), confusion, ...(mistakes ? { mistakes } : {}) };
  }

  dispose(): void {
    for (const { session } of this.sessions.values()) void session.release();
    this.sessions.clear();
    this.own = undefined;
    this.weights = [];
  }

  private feeds({ inputs }: Compiled, shards: readonly Shard[]): Record<string, Ort.Tensor> {
    const { Tensor } = this.options.runtime.ort;
    const feeds: Record<string, Ort.Tensor> = {};
    for (const value of inputs) {
      const { source, shape, dtype } = value;
      const { name, shard } = shardOf(nameOf(value));
      const { batch, seed } = shards[shard]!;
      if (source.kind === 'random') {
        feeds[source.name] = new Tensor('float32', draw(source.draw, seed, sizeOf(shape)), shape);
      } else if (source.kind === 'input') {
        feeds[source.name] =
          name === 'x' || name === 'y'
            ? new Tensor(dtype, batch[name] as never, shape)
            : this.weights[Number(name.slice('weight:'.length))]!;
      }
    }
    return feeds;
  }

  private async compiled(wanted: GraphWanted): Promise<Compiled> {
    const key = `${wanted.kind} ${wanted.samples}`;
    return (
      this.recall(key) ??
      this.open(key, lower(await this.options.graphFor(wanted), this.options.runtime.target))
    );
  }

  /** The joined graph for shards with these numbers of samples; undefined if one by one is faster. */
  private async joined(counts: readonly number[], { elements }: Joining): Promise<Compiled | undefined> {
    if (this.gainsByJoining === false) return undefined;
    const key = `gradient ${counts}`;
    const known = this.recall(key);
    if (known) return known;
    const optimized = new Map<number, Graph>();
    for (const samples of new Set(counts)) {
      optimized.set(samples, optimize(await this.options.graphFor({ kind: 'gradient', samples })));
    }
    this.gainsByJoining ??= intermediateElements(optimized.get(Math.max(...counts))!) <= elements;
    if (!this.gainsByJoining) return undefined;
    const graph = joinShards(counts.map((samples) => optimized.get(samples)!));
    return this.open(key, lowerOptimized(graph, this.options.runtime.target));
  }

  private recall(key: string): Compiled | undefined {
    const known = this.sessions.get(key);
    if (!known) return undefined;
    // The last used stands last.
    this.sessions.delete(key);
    this.sessions.set(key, known);
    return known;
  }

  private async open(key: string, { bytes, inputs }: LoweredModel): Promise<Compiled> {
    const { runtime } = this.options;
    const session = await runtime.ort.InferenceSession.create(bytes, runtime.session);
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

/** @param shard of a run of several */
function sumsOf(results: Ort.InferenceSession.OnnxValueMapType, shard?: number): Sums {
  const of = (name: string) =>
    results[shard === undefined ? name : nameOfShard(name, shard)]!.data[0 as never];
  return { loss: Number(of('loss')), metric: Number(of('metric')) };
}
