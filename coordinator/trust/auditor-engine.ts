/**
 * The coordinator's own engine: in threads beside the event loop, started when the first audit asks for one.
 * Data it takes from the store, without a network. Calls are computed one after the other.
 */
import type { NodeSums } from '../../engine/compute.js';
import type { Shard } from '../../engine/engine.js';
import { CodedComputer } from '../../engine/lanes/coded-node.js';
import { type EngineThread, startEngineThread } from '../../engine/node/engine-thread.js';
import { type Augment, createAugment } from '../../shared/data/augment/augment.js';
import { gatherRecords } from '../../shared/data/gather-records.js';
import type { Manifest } from '../../shared/data/manifest.js';
import { engineOf, UNIVERSAL_ENGINE } from '../../shared/engines/engines.js';
import type { ModelDescription } from '../../shared/models/description.js';
import { createExchange, type Exchange, type ExchangeTerms } from '../../shared/numerics/codec/exchange.js';
import type { Layout } from '../../shared/numerics/layout.js';
import { epochOrder, parseShuffle } from '../../shared/numerics/permutation.js';
import { mix } from '../../shared/numerics/random.js';
import { runLayout } from '../../shared/numerics/rounds/round-layout.js';
import type { LocalTerms } from '../../shared/numerics/rounds/terms.js';
import type * as m from '../../shared/protocol/messages.js';
import { messageOf, UserError } from '../../shared/user-error.js';
import {
  type CurrentWeights,
  type OwnChoice,
  type OwnEngine,
  ownWorker,
  type Recomputed,
} from './own-engine.js';

/** A node may take so long, the start of its engine included, and never less than so many times what one took before. */
const CEILING_MS = 600_000;
const PATIENCE = 3;

const REMEDY = 'start a trusted worker (--local-workers 1), or give --audit-rate 0';

/** What a run works on, as it was prepared. */
interface Material {
  description: ModelDescription;
  train: Manifest;
  objects: { get(hash: string): Buffer | undefined };
  hashes: { probe: string; program: string };
}

/** What an engine must know to be chosen and started. */
export function computeSubject({ description, train, objects, hashes }: Material, shardSamples: number) {
  const document = (hash: string) => JSON.parse(objects.get(hash)!.toString());
  const [probe, program] = [document(hashes.probe), document(hashes.program)];
  return { model: description, manifest: train, probe, program, shardSamples };
}

export interface ThreadEngineOptions {
  material: Material;
  shardSamples: number;
  seed: number;
  shuffle: string;
  /** `--augment`. */
  augment?: string | undefined;
  /** The welcome's. */
  sortedWithin?: number | undefined;
  /** `--engine-class`. */
  engineClass: string;
  /** `--exchange`, as workers are told of it. */
  exchange?: ExchangeTerms | undefined;
  /** Of a run of rounds, as workers are told of it. */
  local?: LocalTerms | undefined;
  /** The file of the model's program, where it is one. */
  modelFile?: string | undefined;
  /** Tests give theirs. */
  startThread?: typeof startEngineThread;
  ceilingMs?: number;
}

export class ThreadEngine implements OwnEngine {
  readonly worker = ownWorker();
  private readonly layout: Layout;
  private readonly augment: Augment | undefined;
  private readonly exchange: Exchange | undefined;
  /** Each keeps a thread and a compiled model. */
  private readonly engines = new Map<OwnChoice, { started: Promise<EngineThread>; stop: AbortController }>();
  private known: { epoch: number; order: Uint32Array } | undefined;
  private weights: { version: number; values: Float32Array } | undefined;
  private last: Promise<unknown> = Promise.resolve();
  private slowestMs = 0;

  constructor(private readonly options: ThreadEngineOptions) {
    const { material, augment, seed, exchange, local } = options;
    this.layout = runLayout(material.description.weights, local);
    this.exchange = createExchange(exchange, seed, this.layout);
    this.augment = augment === undefined ? undefined : createAugment(augment, seed, material.train);
  }

  compute(lease: m.Lease, { version, flat }: CurrentWeights, which: OwnChoice): Promise<Recomputed> {
    // Now: the step may be over when the engine's turn has come.
    if (this.weights?.version !== version) this.weights = { version, values: flat() };
    const { values } = this.weights;
    const result = this.last.then(() => this.inTime(lease, values, which));
    this.last = result.catch(() => undefined);
    return result;
  }

  /** Waits for no engine that is still starting: one that hangs would keep the coordinator from ending. */
  async close(): Promise<void> {
    await Promise.all([...this.engines.keys()].map((which) => this.drop(which)));
  }

  /** A step waits for this node: an engine that hangs is told of, and ended. */
  private async inTime(lease: m.Lease, values: Float32Array, which: OwnChoice): Promise<Recomputed> {
    const { ceilingMs = CEILING_MS } = this.options;
    const allowedMs = Math.max(ceilingMs, PATIENCE * this.slowestMs);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const text = `the coordinator's own engine has not recomputed node ${lease.node} of step ${lease.step} in ${allowedMs / 1000} s`;
        reject(new UserError(`${text}; ${REMEDY}`));
      }, allowedMs);
    });
    const result = this.computeNow(lease, values, which);
    try {
      return await Promise.race([result, late]);
    } catch (error) {
      // It may still be busy: the next audit starts a new one.
      void this.drop(which);
      result.catch(() => undefined);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  private async drop(which: OwnChoice): Promise<void> {
    const engine = this.engines.get(which);
    this.engines.delete(which);
    engine?.stop.abort();
    await engine?.started.then(
      (started) => started.close(),
      () => undefined,
    );
  }

  private async computeNow(lease: m.Lease, values: Float32Array, which: OwnChoice): Promise<Recomputed> {
    const engine = await this.engine(which);
    const { total } = this.layout;
    const started = performance.now();
    const weights = engine.allocate(total);
    weights.set(values);
    await engine.setWeights(weights);
    const order = this.order(lease.epoch);
    const shards = lease.bounds.slice(1).map((end, at) => ({
      batch: this.gather(order.subarray(lease.bounds[at]!, end), lease.epoch),
      seed: mix(this.options.seed, lease.step, lease.firstShard + at),
      ...(lease.updates ? { updates: lease.updates } : {}),
    }));
    const gradient = engine.allocate(total);
    const sums = await this.sums(engine, lease, shards, gradient);
    const { engineClass } = engine;
    const chunks = this.layout.mapChunks((chunk) => {
      const { start, end } = this.layout.range(chunk);
      return new Uint8Array(gradient.buffer, gradient.byteOffset + 4 * start, 4 * (end - start));
    });
    const times = { computeMs: performance.now() - started, waitMs: 0 };
    this.slowestMs = Math.max(this.slowestMs, times.computeMs);
    const { step, node } = lease;
    return { engineClass, chunks, contribution: { type: 'contribution', step, node, ...sums, ...times } };
  }

  /** Writes the value that a node has for all who compute it. */
  private async sums(
    engine: EngineThread,
    { step, node }: m.Lease,
    shards: Shard[],
    into: Float32Array,
  ): Promise<NodeSums> {
    const { exchange } = this;
    if (!exchange) return engine.computeNode(shards, into);
    const computer = new CodedComputer(engine, exchange);
    const { origin, ...sums } = await computer.computeNode(step, node, shards, into);
    if (exchange.nodes.isCoded(node)) exchange.chunks.roundAll(into, exchange.nodes.keys(step, origin));
    return sums;
  }

  private engine(which: OwnChoice): Promise<EngineThread> {
    let engine = this.engines.get(which);
    if (!engine) {
      const stop = new AbortController();
      const started = this.start(which === 'universal' ? UNIVERSAL_ENGINE : this.usual, stop.signal);
      engine = { started, stop };
      this.engines.set(which, engine);
    }
    return engine.started;
  }

  /** That of the run, where it demands one. */
  private get usual(): string {
    const { engineClass } = this.options;
    return engineClass === 'any' ? 'auto' : engineOf(engineClass);
  }

  private async start(asked: string, stop: AbortSignal): Promise<EngineThread> {
    const { material, shardSamples, modelFile, local } = this.options;
    const subject = { ...computeSubject(material, shardSamples), modelFile, local };
    try {
      return await (this.options.startThread ?? startEngineThread)({ ...subject, wanted: asked }, stop);
    } catch (error) {
      stop.throwIfAborted();
      if (asked !== 'auto') return this.start('auto', stop);
      throw new UserError(`volunteers cannot be audited by the coordinator: ${messageOf(error)}; ${REMEDY}`);
    }
  }

  private gather(indices: Uint32Array, epoch: number) {
    const { train, objects } = this.options.material;
    const batch = gatherRecords(train, indices, (chunk) => objects.get(train.chunks[chunk]!.sha256)!);
    this.augment?.(batch.x, indices, epoch);
    return batch;
  }

  private order(epoch: number): Uint32Array {
    if (this.known?.epoch !== epoch) {
      const { seed, shuffle, sortedWithin } = this.options;
      const { records, recordsPerChunk } = this.options.material.train;
      const order = { records, recordsPerChunk, seed, epoch, shuffle: parseShuffle(shuffle), sortedWithin };
      this.known = { epoch, order: epochOrder(order) };
    }
    return this.known.order;
  }
}
