/**
 * A run in memory with workers that lie: real sessions and a real core, and an engine of a few weights whose
 * gradient depends on weights, samples and seed, so that any slip changes all that follows.
 */
import { Control } from '../../coordinator/control.js';
import { createCore } from '../../coordinator/core.js';
import { Progress } from '../../coordinator/progress.js';
import { run } from '../../coordinator/run.js';
import { type OwnEngine, ownContributor } from '../../coordinator/trust/own-engine.js';
import { Trust } from '../../coordinator/trust/trust.js';
import { createOptimizer } from '../../coordinator/update/optimizers/optimizers.js';
import { createRobustRule } from '../../coordinator/update/robust/create.js';
import { chunkCount, chunkRange, layoutOf } from '../../shared/layout.js';
import type { RobustName } from '../../shared/options.js';
import { mix } from '../../shared/random.js';
import type { RunEvent } from '../../shared/status.js';
import type { NodeSums } from '../../worker/engine/compute.js';
import { NodeComputer } from '../../worker/engine/compute-node.js';
import type { Batch, Engine, Shard } from '../../worker/engine/engine.js';
import type { RunMaterial } from '../../worker/material.js';
import { ManualClock, MemoryNetwork } from './memory-network.js';

export const RECORDS = 64;
const SEED = 5;
/** A run that has not ended after so many deliveries never will. */
const MOST_TURNS = 50_000;

/** What a worker does to what it has computed, before it sends it. `calls`: how often it has computed so far. */
export type Lie = (gradient: Float32Array, sums: NodeSums, calls: number) => NodeSums | undefined;

export interface Participant {
  name: string;
  /** `worker` is trusted. */
  role: 'worker' | 'volunteer';
  lie?: Lie;
  engineClass?: string;
}

export interface LiarsOptions {
  participants: Participant[];
  steps: number;
  shards: number;
  batchSize?: number;
  auditRate: number;
  /** Whether the coordinator can recompute. */
  own?: boolean;
  ownClass?: string;
  secret?: Uint8Array;
  weights?: number;
  seed?: number;
  /** Multiplies the gradient of one record, everywhere. */
  robust?: RobustName;
  outlier?: { record: number; times: number };
}

export async function swarmOfLiars(options: LiarsOptions) {
  const { participants, steps, shards, auditRate, batchSize = 16, weights: count = 200 } = options;
  const layout = layoutOf([
    { name: 'kernel', shape: [count - 5], trainable: true },
    { name: 'bias', shape: [5], trainable: true },
  ]);
  const initial = Float32Array.from({ length: layout.total }, (_, i) => Math.fround(Math.sin(i + 1)));
  const events: RunEvent[] = [];
  const tell = (event: RunEvent) => events.push(event);
  const order = Uint32Array.from({ length: RECORDS }, (_, i) => i);
  const assemble = async (indices: Uint32Array): Promise<Batch> => ({
    count: indices.length,
    x: Int32Array.from(indices),
    y: new Uint8Array(0),
  });

  const recomputed: string[] = [];
  const engine = (engineClass: string) => toyEngine(layout.total, engineClass, options.outlier);
  const own: OwnEngine = {
    worker: ownContributor(),
    async compute(lease, current) {
      const { ownClass = 'toy@1' } = options;
      const toy = engine(ownClass);
      await toy.setWeights(current.flat());
      const gradient = new Float32Array(layout.total);
      const shardsOf = lease.bounds.slice(1).map(async (end, at) => ({
        batch: await assemble(order.subarray(lease.bounds[at]!, end)),
        seed: mix(SEED, lease.step, lease.firstShard + at),
      }));
      const sums = await new NodeComputer(toy).compute(await Promise.all(shardsOf), gradient);
      recomputed.push(`step ${lease.step}, node ${lease.node}`);
      const chunks = Array.from({ length: chunkCount(layout.total) }, (_, chunk) => {
        const { start, end } = chunkRange(layout.total, chunk);
        return new Uint8Array(gradient.slice(start, end).buffer);
      });
      const { step, node } = lease;
      return {
        engineClass: ownClass,
        chunks,
        contribution: { type: 'contribution', step, node, ...sums, computeMs: 1, waitMs: 0 },
      };
    },
    close: async () => undefined,
  };
  const trust = new Trust({
    volunteers: 'tabs',
    auditRate,
    robust: options.robust ?? 'none',
    ownEngine: (options.own ?? true) ? own : undefined,
    secret: options.secret ?? new Uint8Array(32),
    tell,
  });
  const clock = new ManualClock();
  const none = '0'.repeat(64);
  const core = createCore({
    layout,
    weights: initial,
    rule: {
      optimizer: createOptimizer({ name: 'sgd', momentum: 0.9 }),
      clipNorm: 0,
      clipValue: 0,
      averageDecay: 0,
    },
    trust,
    robust: createRobustRule(options.robust ?? 'none', () => undefined, [1]),
    shards,
    engineClass: 'any',
    deadAfterMs: 60_000,
    run: 'liars',
    objects: { model: none, train: none, test: none, probe: none, program: none },
    shardSamples: 1,
    seed: SEED,
    shuffle: 'none',
    clock,
    timers: false,
    tell,
  });
  const network = new MemoryNetwork(core, clock, options.seed ?? 1);
  for (const participant of participants) {
    const { name, role, lie, engineClass = 'toy@1' } = participant;
    const kind = role === 'volunteer' ? 'browser' : 'node';
    network.join(name, materialOf(layout, order, assemble, engine(engineClass), lie), kind);
  }
  const progress = new Progress(0, true);
  const never = new AbortController().signal;
  const losses: number[] = [];
  try {
    await network.deliver(core.swarm.atLeast(participants.length, never));
    let turns = 0;
    const patience = () => {
      if (++turns > MOST_TURNS) throw new Error(`step ${progress.step} stands still`);
    };
    await network.deliver(
      run(
        {
          steps,
          epochPlan: { records: RECORDS, batchSize },
          shards: options.robust ? 'auto' : shards,
          evaluateEvery: 1_000_000,
          checkpointEvery: 0,
          minWorkers: 1,
          layout,
          test: { parts: [{ from: 0, to: 8 }], confusionClasses: 0 },
        },
        {
          ...core,
          progress,
          control: new Control({ schedule: (peak) => () => peak, peak: 0.001, changes: [] }),
          clock,
          record: {
            step: ({ sums }) => losses.push(sums.loss),
            evaluation: () => undefined,
            contribution: () => undefined,
            change: () => undefined,
            checkpoint: () => undefined,
            settled: async () => undefined,
          },
        },
        { drain: never, abort: never },
      ),
      patience,
    );
    const closed = new Map(network.workers.map(({ name, closed }) => [name, closed]));
    return {
      weights: core.pipeline.weights.flat(),
      losses,
      events,
      closed,
      recomputed,
      audits: trust.conduct.record(),
      counters: progress.shards,
      totals: core.swarm.totals(),
    };
  } finally {
    network.close();
  }
}

function materialOf(
  layout: RunMaterial['layout'],
  order: Uint32Array,
  assemble: RunMaterial['train']['assemble'],
  engine: Engine,
  lie: Lie | undefined,
): RunMaterial {
  const computer = new NodeComputer(engine);
  let calls = 0;
  return {
    layout,
    train: { assemble },
    test: { range: (from, to) => assemble(Uint32Array.from({ length: to - from }, (_, at) => from + at)) },
    order: () => order,
    compute: {
      name: engine.name,
      engineClass: engine.engineClass,
      reason: 'toy',
      allocate: (elements) => new Float32Array(elements),
      setWeights: (weights) => engine.setWeights(weights),
      computeNode: async (shards: Shard[], into: Float32Array) => {
        const sums = await computer.compute(shards, into);
        return lie?.(into, sums, calls++) ?? sums;
      },
      evaluate: (batch) => engine.evaluate(batch),
      close: async () => undefined,
    },
  };
}

/** Another class computes with other roundings. */
function toyEngine(elements: number, engineClass: string, outlier?: LiarsOptions['outlier']): Engine {
  let held = new Float32Array(elements);
  const rounding = engineClass === 'toy@1' ? 1 : 1 + 1e-6;
  return {
    name: 'toy',
    engineClass,
    setWeights: async (weights) => {
      held = weights.slice();
    },
    gradient: async ({ count, x }, seed, into) => {
      into.fill(0);
      let loss = 0;
      for (let i = 0; i < count; i++) {
        const record = x[i]!;
        const times = record === outlier?.record ? outlier.times : 1;
        for (let w = 0; w < into.length; w++) {
          const target = Math.sin(w + 0.1 * Math.sin(record * 31 + w)) + ((seed % 101) / 101 - 0.5) / 10;
          const value = Math.fround(held[w]! - target) * rounding * times;
          into[w] = Math.fround(into[w]! + value);
          loss += value * value;
        }
      }
      return { loss, metric: count };
    },
    evaluate: async ({ count }) => ({ loss: count, metric: count }),
    dispose: () => undefined,
  };
}

/** Lies that an audit must see. */
export const LIES: Record<string, Lie> = {
  'turns the sign': (gradient) => {
    for (let i = 0; i < gradient.length; i++) gradient[i]! *= -1;
    return undefined;
  },
  'multiplies by -1000': (gradient) => {
    for (let i = 0; i < gradient.length; i++) gradient[i]! *= -1000;
    return undefined;
  },
  'changes one bit': (gradient) => {
    new Uint32Array(gradient.buffer)[17]! ^= 1;
    return undefined;
  },
  'sends NaN': (gradient) => {
    gradient[3] = Number.NaN;
    return undefined;
  },
  'sends zeros': (gradient) => {
    gradient.fill(0);
    return undefined;
  },
  'tells another loss': (_gradient, sums) => ({ ...sums, loss: sums.loss * 0.25 }),
  'is honest at first': (gradient, _sums, calls) => {
    if (calls >= 3) gradient.fill(1);
    return undefined;
  },
};
