/**
 * The coordinator's own engine: in threads beside the event loop, started when the first audit asks for one.
 * Data it takes from the store, without a network. Calls are computed one after the other.
 */

import { gatherRecords } from '../../shared/gather-records.js';
import { chunkCount, chunkRange, type Layout, layoutOf } from '../../shared/layout.js';
import type { Manifest } from '../../shared/manifest.js';
import type { ModelDescription } from '../../shared/models/description.js';
import { epochOrder, parseShuffle } from '../../shared/permutation.js';
import type * as m from '../../shared/protocol/messages.js';
import { mix } from '../../shared/random.js';
import { messageOf, UserError } from '../../shared/user-error.js';
import { type EngineThread, startEngineThread } from '../../worker/node/engine-thread.js';
import type { ObjectStore } from '../data/store.js';
import { type CurrentWeights, type OwnEngine, ownContributor, type Recomputed } from './own-engine.js';

/** Engines that give the volunteer's bits on other machines too, or at least on machines of one kind. */
const REPEATABLE = /^(compiled|eager)\/(cpu|wasm)$/;
/** Each keeps a thread and a compiled model. */
const MOST_ENGINES = 2;

export interface ThreadEngineOptions {
  description: ModelDescription;
  train: Manifest;
  objects: Pick<ObjectStore, 'get'>;
  hashes: { probe: string; program: string };
  shardSamples: number;
  seed: number;
  shuffle: string;
}

export class ThreadEngine implements OwnEngine {
  readonly worker = ownContributor();
  private readonly layout: Layout;
  private readonly engines = new Map<string, Promise<EngineThread>>();
  private known: { epoch: number; order: Uint32Array } | undefined;
  private weights: { version: number; values: Float32Array } | undefined;
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: ThreadEngineOptions) {
    this.layout = layoutOf(options.description.weights);
  }

  compute(lease: m.Lease, { version, flat }: CurrentWeights, wanted: string): Promise<Recomputed> {
    // Now: the step may be over when the engine's turn has come.
    if (this.weights?.version !== version) this.weights = { version, values: flat() };
    const { values } = this.weights;
    const result = this.last.then(() => this.computeNow(lease, values, wanted));
    this.last = result.catch(() => undefined);
    return result;
  }

  async close(): Promise<void> {
    const engines = await Promise.allSettled(this.engines.values());
    await Promise.all(engines.map((engine) => engine.status === 'fulfilled' && engine.value.close()));
  }

  private async computeNow(lease: m.Lease, values: Float32Array, wanted: string): Promise<Recomputed> {
    const engine = await this.engine(wanted);
    const { total } = this.layout;
    const started = performance.now();
    const weights = engine.allocate(total);
    weights.set(values);
    await engine.setWeights(weights);
    const order = this.order(lease.epoch);
    const shards = lease.bounds.slice(1).map((end, at) => ({
      batch: this.gather(order.subarray(lease.bounds[at]!, end)),
      seed: mix(this.options.seed, lease.step, lease.firstShard + at),
    }));
    const gradient = engine.allocate(total);
    const sums = await engine.computeNode(shards, gradient);
    const { engineClass } = engine;
    const chunks = Array.from({ length: chunkCount(total) }, (_, chunk) => {
      const { start, end } = chunkRange(total, chunk);
      return new Uint8Array(gradient.buffer, gradient.byteOffset + 4 * start, 4 * (end - start));
    });
    const times = { computeMs: performance.now() - started, waitMs: 0 };
    const { step, node } = lease;
    return { engineClass, chunks, contribution: { type: 'contribution', step, node, ...sums, ...times } };
  }

  private engine(wanted: string): Promise<EngineThread> {
    const asked = REPEATABLE.test(wanted) ? wanted : 'auto';
    const started = this.engines.get(asked);
    if (started) return started;
    if (this.engines.size >= MOST_ENGINES) return this.engines.values().next().value!;
    const starting = this.start(asked);
    this.engines.set(asked, starting);
    return starting;
  }

  private async start(asked: string): Promise<EngineThread> {
    const { description, train, objects, hashes, shardSamples } = this.options;
    const document = (hash: string) => JSON.parse(objects.get(hash)!.toString());
    const subject = {
      model: description,
      manifest: train,
      probe: document(hashes.probe),
      program: document(hashes.program),
      shardSamples,
    };
    try {
      return await startEngineThread({ ...subject, wanted: asked });
    } catch (error) {
      if (asked !== 'auto') return this.engine('auto');
      const remedy = 'start a trusted worker (--local-workers 1), or give --audit-rate 0';
      throw new UserError(`volunteers cannot be audited by the coordinator: ${messageOf(error)}; ${remedy}`);
    }
  }

  private gather(indices: Uint32Array) {
    const { train, objects } = this.options;
    return gatherRecords(train, indices, (chunk) => objects.get(train.chunks[chunk]!.sha256)!);
  }

  private order(epoch: number): Uint32Array {
    if (this.known?.epoch !== epoch) {
      const { seed, shuffle } = this.options;
      const { records, recordsPerChunk } = this.options.train;
      this.known = {
        epoch,
        order: epochOrder({ records, recordsPerChunk, seed, epoch, shuffle: parseShuffle(shuffle) }),
      };
    }
    return this.known.order;
  }
}
