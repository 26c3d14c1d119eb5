/**
 * A whole training run in memory with attackers among its workers: real sessions, a real core and a real engine,
 * which all of them share. Time stands still: nobody is late, and everyone gets an equal part of each step.
 * Attackers that are sent away stay away.
 */

import { configure, updateRuleOf } from '../../coordinator/configure.js';
import { Control } from '../../coordinator/control.js';
import { createCore } from '../../coordinator/core.js';
import { type Prepared, prepare } from '../../coordinator/prepare.js';
import { Progress } from '../../coordinator/progress.js';
import { run } from '../../coordinator/run.js';
import { DivergedError } from '../../coordinator/training-step.js';
import type { TrustRecord } from '../../coordinator/trust/conduct.js';
import { type OwnEngine, ownContributor } from '../../coordinator/trust/own-engine.js';
import { Trust } from '../../coordinator/trust/trust.js';
import { createRobustRule } from '../../coordinator/update/robust/create.js';
import { evaluationParts } from '../../shared/evaluation-parts.js';
import { gatherRecords } from '../../shared/gather-records.js';
import { chunkCount, chunkRange, type Layout, layoutOf } from '../../shared/layout.js';
import type { Manifest } from '../../shared/manifest.js';
import { confusionClasses } from '../../shared/manifest.js';
import type { RobustName } from '../../shared/options.js';
import { epochOrder, parseShuffle } from '../../shared/permutation.js';
import { mix, Random } from '../../shared/random.js';
import type { NodeSums } from '../../worker/engine/compute.js';
import { NodeComputer } from '../../worker/engine/compute-node.js';
import type { Batch, Engine, Shard } from '../../worker/engine/engine.js';
import type { RunMaterial } from '../../worker/material.js';
import { startCompiledCpu } from '../../worker/node/compiled.js';
import type { Attack } from './attacks.js';
import { ManualClock, MemoryNetwork } from './memory-network.js';

const SEED = 1;
const WORKER_MOMENTUM = 0.9;

export type Defence = 'none' | 'audits' | Exclude<RobustName, 'none'>;

export interface AttackRunOptions {
  subject: Subject;
  workers: number;
  attackers: number;
  attack?: Attack;
  defence: Defence;
  steps: number;
  /** With plain momentum of 0.9; without momentum at the update, the same step needs ten times as much. */
  learningRate: number;
}

export interface AttackResult {
  /** On the test set; chance where the run has diverged. */
  accuracy: number;
  hasDiverged: boolean;
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
  const { subject, workers, attackers, attack, defence, steps, learningRate } = options;
  const { layout, train, test, batchSize, weights } = subject;
  const robust: RobustName = defence === 'none' || defence === 'audits' ? 'none' : defence;
  const shared = new SharedEngine(subject);
  const trust = new Trust({
    volunteers: defence === 'audits' ? 'all' : 'none',
    auditRate: defence === 'audits' ? 0.05 : 0,
    robust,
    ownEngine: shared.auditor(),
    secret: new Uint8Array(32).fill(7),
    tell: () => undefined,
  });
  const clock = new ManualClock();
  const none = '0'.repeat(64);
  const momentum = robust === 'clip' ? 0 : WORKER_MOMENTUM;
  const core = createCore({
    layout,
    weights,
    rule: updateRuleOf(configure({ optimizer: 'sgd', momentum, batchSize })),
    trust,
    robust: createRobustRule(robust, () => undefined, [SEED]),
    shards: 'auto',
    engineClass: 'any',
    deadAfterMs: 1e9,
    run: 'attacks',
    objects: { model: none, train: none, test: none, probe: none, program: none },
    shardSamples: Math.floor(batchSize / workers),
    seed: SEED,
    shuffle: 'full',
    clock,
    timers: false,
    tell: () => undefined,
  });
  const network = new MemoryNetwork(core, clock, SEED);
  for (let i = 0; i < workers; i++) {
    const isAttacker = i >= workers - attackers;
    network.join(
      isAttacker ? `attacker ${i}` : `honest ${i}`,
      shared.material(isAttacker ? attack : undefined),
    );
  }
  const progress = new Progress(0, true);
  const never = new AbortController().signal;
  const rate = momentum > 0 ? learningRate : learningRate / (1 - WORKER_MOMENTUM);
  const runOptions = {
    steps,
    epochPlan: { records: train.records, batchSize },
    shards: 'auto' as const,
    evaluateEvery: steps,
    checkpointEvery: 0,
    minWorkers: 1,
    layout,
    test: { parts: evaluationParts(test.records), confusionClasses: confusionClasses(test.label) },
  };
  const record = {
    step: () => undefined,
    evaluation: () => undefined,
    contribution: () => undefined,
    change: () => undefined,
    checkpoint: () => undefined,
    settled: async () => undefined,
  };
  const control = new Control({ schedule: (peak) => () => peak, peak: rate, changes: [] });
  let hasDiverged = false;
  try {
    await network.deliver(core.swarm.atLeast(workers, never));
    const parts = { ...core, progress, control, clock, record };
    await network.deliver(run(runOptions, parts, { drain: never, abort: never }));
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
    audits: trust.conduct.record(),
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
    const { layout, engine } = this.subject;
    return {
      worker: ownContributor(),
      compute: async (lease, weights) => {
        const current = weights.flat();
        const order = this.order(lease.epoch);
        const shards = lease.bounds.slice(1).map((end, at) => ({
          batch: this.gather(this.subject.train, order.subarray(lease.bounds[at]!, end)),
          seed: mix(SEED, lease.step, lease.firstShard + at),
        }));
        const gradient = new Float32Array(layout.total);
        const sums = await this.compute(current, shards, gradient);
        const chunks = Array.from({ length: chunkCount(layout.total) }, (_, chunk) => {
          const { start, end } = chunkRange(layout.total, chunk);
          return new Uint8Array(gradient.buffer, 4 * start, 4 * (end - start));
        });
        const { step, node } = lease;
        const times = { computeMs: 1, waitMs: 0 };
        const contribution = { type: 'contribution', step, node, ...sums, ...times } as const;
        return { engineClass: engine.engineClass, contribution, chunks };
      },
      close: async () => undefined,
    };
  }

  material(attack: Attack | undefined): RunMaterial {
    const { layout, train, test, engine } = this.subject;
    let calls = 0;
    /** The latest weights, the newest last. */
    const history: Float32Array[] = [];
    const compute = (shards: Shard[], into: Float32Array, ago = 0) =>
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
      compute: {
        name: engine.name,
        engineClass: engine.engineClass,
        reason: 'shared',
        allocate: (elements) => new Float32Array(elements),
        setWeights: async (weights) => {
          history.push(weights.slice());
          if (history.length > 32) history.shift();
        },
        computeNode: async (shards, into) => {
          if (!attack) return compute(shards, into);
          const samples = shards.reduce((sum, { batch }) => sum + batch.count, 0);
          const means = { calls, compute, others: (count: number) => others(count, samples) };
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

  private compute(weights: Float32Array, shards: Shard[], into: Float32Array): Promise<NodeSums> {
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
