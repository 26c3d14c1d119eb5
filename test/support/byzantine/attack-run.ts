/**
 * A whole training run in memory with attackers among its workers: real sessions, a real core and a real engine,
 * which all of them share. Time stands still: nobody is late, and everyone gets an equal part of each step.
 * Attackers that are sent away stay away.
 */
import { type Prepared, prepare } from '../../../coordinator/prepare/prepare.js';
import { DivergedError } from '../../../coordinator/run/execute.js';
import { configure, updateRuleOf } from '../../../coordinator/setup/configure.js';
import { type OwnEngine, ownWorker } from '../../../coordinator/trust/own-engine.js';
import type { TrustRecord } from '../../../coordinator/trust/reputation.js';
import { Trust } from '../../../coordinator/trust/trust.js';
import type { RobustName } from '../../../coordinator/update/robust/create.js';
import { createRobustRule } from '../../../coordinator/update/robust/create.js';
import type { NodeSums } from '../../../engine/compute.js';
import { NodeComputer } from '../../../engine/compute-node.js';
import type { Batch, Engine, Shard } from '../../../engine/engine.js';
import { startCompiledCpu } from '../../../engine/node/compiled.js';
import { confusionOf } from '../../../shared/data/confusion.js';
import { evaluationParts, mostInHand } from '../../../shared/data/evaluation-parts.js';
import { gatherRecords } from '../../../shared/data/gather-records.js';
import type { Manifest } from '../../../shared/data/manifest.js';
import { recordBytes } from '../../../shared/data/manifest.js';
import { type Layout, layoutOf } from '../../../shared/numerics/layout.js';
import { epochOrder, parseShuffle } from '../../../shared/numerics/permutation.js';
import { mix, Random } from '../../../shared/numerics/random.js';
import type { RunMaterial } from '../../../worker/data/material.js';
import { limitsOf } from '../simulation/limits.js';
import { ManualClock, MemoryNetwork } from '../simulation/memory-network.js';
import { testRun } from '../simulation/test-run.js';
import type { Attack } from './attacks.js';

const SEED = 1;
const WORKER_MOMENTUM = 0.9;

/** `audits`: as by default, of the universal class alone; `anyClass`: of all classes (`--engine-class any`). */
export type Defense = 'none' | 'audits' | 'anyClass' | Exclude<RobustName, 'none'>;
/** The shared engine is taken for the universal one. */
const CLASS = 'compiled/wasm@shared';

export interface AttackRunOptions {
  subject: Subject;
  workers: number;
  attackers: number;
  attack?: Attack;
  defense: Defense;
  steps: number;
  /** With plain momentum of 0.9; without momentum at the update, the same step needs ten times as much. */
  learningRate: number;
  /** By default 0.05. */
  auditRate?: number;
  /** Test pictures are evaluated once more with these pixels lit. */
  trigger?: { pixels: readonly number[]; digit: number };
}

export interface AttackResult {
  /** On the test set; chance where the run has diverged. */
  accuracy: number;
  hasDiverged: boolean;
  /** Of test pictures of other digits, the share that the trigger turns into its digit. */
  triggered?: number;
  audits: TrustRecord;
  /** Attackers that were sent away. */
  sentAway: number;
}

/** Data, model and engine, which many runs share. */
export interface Subject extends Prepared {
  layout: Layout;
  engine: Engine;
  batchSize: number;
}

export async function attackSubject(options: {
  data: string;
  model: string;
  batchSize: number;
  workers: number;
}): Promise<Subject> {
  const { data, model, batchSize, workers } = options;
  const prepared = await prepare(configure({ data, model, batchSize, shards: 'auto', seed: SEED }), model);
  const program = JSON.parse(prepared.objects.get(prepared.hashes.program)!.toString());
  const shardSamples = Math.floor(batchSize / workers);
  const { description, train } = prepared;
  const engine = await startCompiledCpu({ model: description, manifest: train, shardSamples, program }, 1);
  return { ...prepared, layout: layoutOf(description.weights), engine, batchSize };
}

export async function attackRun(options: AttackRunOptions): Promise<AttackResult> {
  const { subject, workers, attackers, attack, defense, steps, learningRate } = options;
  const { layout, train, test, batchSize, weights } = subject;
  const isAudited = defense === 'audits' || defense === 'anyClass';
  const robust: RobustName = defense === 'none' || isAudited ? 'none' : (defense as RobustName);
  const shared = new SharedEngine(subject);
  const trust = new Trust({
    volunteers: isAudited ? 'all' : 'none',
    auditRate: isAudited ? (options.auditRate ?? 0.05) : 0,
    universalClass: CLASS,
    robust,
    ownEngine: shared.auditor(),
    secret: new Uint8Array(32).fill(7),
    tell: () => undefined,
  });
  const momentum = robust === 'clip' ? 0 : WORKER_MOMENTUM;
  const clock = new ManualClock();
  const { core, progress, run } = testRun({
    ...{ steps, batchSize, records: train.records, layout, weights, clock },
    rule: updateRuleOf(configure({ optimizer: 'sgd', momentum, batchSize })),
    learningRate: momentum > 0 ? learningRate : learningRate / (1 - WORKER_MOMENTUM),
    trust,
    robust: createRobustRule(robust, () => undefined, [SEED]),
    shards: 'auto',
    engineClass: defense === 'audits' ? 'auto' : 'any',
    deadAfterMs: 1e9,
    shardSamples: Math.floor(batchSize / workers),
    seed: SEED,
    shuffle: 'full',
    test: {
      parts: evaluationParts(test.records),
      mostInHand: mostInHand(recordBytes(test)),
      confusion: confusionOf(test.label),
    },
  });
  const network = new MemoryNetwork(core, clock, SEED);
  for (let i = 0; i < workers; i++) {
    const isAttacker = i >= workers - attackers;
    network.join(
      isAttacker ? `attacker ${i}` : `honest ${i}`,
      shared.material(isAttacker ? attack : undefined),
    );
  }
  let hasDiverged = false;
  try {
    const admitted = defense === 'audits' && attack?.engineClass ? workers - attackers : workers;
    await network.deliver(core.swarm.atLeast(admitted, new AbortController().signal));
    await network.deliver(run());
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error;
    hasDiverged = true;
  } finally {
    network.close();
  }
  const { classes } = train.label as { classes: number };
  return {
    accuracy: hasDiverged ? 1 / classes : progress.test!.metric,
    hasDiverged,
    ...(options.trigger && {
      triggered: await shared.triggered(core.pipeline.weights.flat(), options.trigger),
    }),
    audits: trust.reputation.record(),
    sentAway: network.workers.filter(({ name, closed }) => name.startsWith('attacker') && closed).length,
  };
}

/** One engine for all workers of a run: each call begins by taking its own weights. */
class SharedEngine {
  private readonly computer: NodeComputer;
  private last: Promise<unknown> = Promise.resolve();
  private known: { epoch: number; order: Uint32Array } | undefined;

  constructor(private readonly subject: Subject) {
    this.computer = new NodeComputer(subject.engine);
  }

  auditor(): OwnEngine {
    const { layout } = this.subject;
    return {
      worker: ownWorker(),
      compute: async (lease, weights) => {
        const current = weights.flat();
        const order = this.order(lease.epoch);
        const shards = lease.bounds.slice(1).map((end, at) => ({
          batch: this.gather(this.subject.train, order.subarray(lease.bounds[at]!, end)),
          seed: mix(SEED, lease.step, lease.firstShard + at),
        }));
        const gradient = new Float32Array(layout.total);
        const sums = await this.compute(current, shards, gradient);
        const chunks = layout.mapChunks((chunk) => {
          const { start, end } = layout.range(chunk);
          return new Uint8Array(gradient.buffer, 4 * start, 4 * (end - start));
        });
        const { step, node } = lease;
        const times = { computeMs: 1, waitMs: 0 };
        const contribution = { type: 'contribution', step, node, ...sums, ...times } as const;
        return { engineClass: CLASS, contribution, chunks };
      },
      close: async () => undefined,
    };
  }

  material(attack: Attack | undefined): RunMaterial {
    const { layout, train, test, engine } = this.subject;
    let calls = 0;
    /** The latest weights, the newest last. */
    const history: Float32Array[] = [];
    const compute = (shards: readonly Shard[], into: Float32Array, ago = 0) =>
      this.compute(history[Math.max(0, history.length - 1 - ago)]!, shards, into);
    const others = async (count: number, samples: number) => {
      const gradients: Float32Array[] = [];
      const random = new Random(SEED, calls);
      for (let other = 0; other < count; other++) {
        const indices = Uint32Array.from({ length: samples }, () => random.below(train.records));
        const gradient = new Float32Array(layout.total);
        await compute([{ batch: this.gather(train, indices), seed: 1 }], gradient);
        gradients.push(gradient.map((value) => value / samples));
      }
      return gradients;
    };
    return {
      layout,
      train: { assemble: async (indices) => this.gather(train, indices) },
      test: {
        range: async (from, to) =>
          this.gather(
            test,
            Uint32Array.from({ length: to - from }, (_, at) => from + at),
          ),
      },
      order: (epoch) => this.order(epoch),
      limits: limitsOf(layout, train.records, test.records),
      compute: {
        name: engine.name,
        engineClass: attack?.engineClass ?? CLASS,
        reason: 'shared',
        allocate: (elements) => new Float32Array(elements),
        setWeights: async (weights) => {
          history.push(weights.slice());
          if (history.length > 32) history.shift();
        },
        computeNode: async (shards, into) => {
          if (!attack) return compute(shards, into);
          const samples = shards.reduce((sum, { batch }) => sum + batch.count, 0);
          const means = { layout, calls, compute, others: (count: number) => others(count, samples) };
          const sums = await attack.contribute(shards, into, means);
          calls++;
          return sums;
        },
        evaluate: (batch) =>
          this.exclusively(async () => {
            await engine.setWeights(history.at(-1)!);
            return engine.evaluate(batch);
          }),
        close: async () => undefined,
      },
    };
  }

  async triggered(weights: Float32Array, { pixels, digit }: { pixels: readonly number[]; digit: number }) {
    const { test, engine } = this.subject;
    await engine.setWeights(weights);
    let [others, read] = [0, 0];
    for (const { from, to } of evaluationParts(test.records)) {
      const batch = this.gather(
        test,
        Uint32Array.from({ length: to - from }, (_, at) => from + at),
      );
      const each = batch.x.length / batch.count;
      for (let at = 0; at < batch.count; at++) for (const pixel of pixels) batch.x[at * each + pixel] = 255;
      // What is its digit already counts for another, and so is never right.
      const y = batch.y.map((label) => (label === digit ? (digit + 1) % 10 : digit)) as typeof batch.y;
      const { metric } = await engine.evaluate({ ...batch, y });
      others += batch.y.filter((label) => label !== digit).length;
      read += metric;
    }
    return read / others;
  }

  private compute(weights: Float32Array, shards: readonly Shard[], into: Float32Array): Promise<NodeSums> {
    return this.exclusively(async () => {
      await this.subject.engine.setWeights(weights);
      return this.computer.compute(shards, into);
    });
  }

  private exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.last.then(work);
    this.last = result.catch(() => undefined);
    return result;
  }

  private gather(manifest: Manifest, indices: Uint32Array): Batch {
    const { objects } = this.subject;
    return gatherRecords(manifest, indices, (chunk) => objects.get(manifest.chunks[chunk]!.sha256)!);
  }

  private order(epoch: number): Uint32Array {
    if (this.known?.epoch !== epoch) {
      const { records, recordsPerChunk } = this.subject.train;
      const order = epochOrder({
        records,
        recordsPerChunk,
        seed: SEED,
        epoch,
        shuffle: parseShuffle('full'),
      });
      this.known = { epoch, order };
    }
    return this.known.order;
  }
}
