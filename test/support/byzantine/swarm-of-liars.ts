/**
 * A run in memory with workers that lie: real sessions and a real core, and an engine of a few weights whose
 * gradient depends on weights, samples and seed, so that any slip changes all that follows.
 */
import { type OwnEngine, ownWorker } from '../../../coordinator/trust/own-engine.js';
import { Trust } from '../../../coordinator/trust/trust.js';
import type { RobustName } from '../../../coordinator/update/robust/create.js';
import { createRobustRule } from '../../../coordinator/update/robust/create.js';
import type { NodeSums } from '../../../engine/compute.js';
import { NodeComputer } from '../../../engine/compute-node.js';
import type { Batch, Engine, Shard } from '../../../engine/engine.js';
import { squareOf } from '../../../shared/data/confusion.js';
import { type Layout, layoutOf } from '../../../shared/numerics/layout.js';
import { mix } from '../../../shared/numerics/random.js';
import { createOptimizer } from '../../../shared/numerics/update/optimizers/optimizers.js';
import type { RunEvent } from '../../../shared/status/events.js';
import type { RunMaterial } from '../../../worker/data/material.js';
import { lastEvents } from '../simulation/last-events.js';
import { limitsOf } from '../simulation/limits.js';
import { ManualClock, MemoryNetwork } from '../simulation/memory-network.js';
import { testRun } from '../simulation/test-run.js';

export const RECORDS = 64;
const SEED = 5;
/** The toy's usual class, which is taken for the universal one: its bits are the same for all. */
/** In place of 131,072: gradients of many chunks are short. */
const CHUNK_ELEMENTS = 16;
const TOY_CLASS = 'compiled/wasm@toy';
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

/** What is trained. */
export interface Problem {
  layout: Layout;
  initial: Float32Array;
  records: number;
  learningRate: number;
  /** Computes with the roundings of its class; `x` of a batch are numbers of records. */
  engine(engineClass: string): Engine;
}

export interface LiarsOptions {
  participants: Participant[];
  /** By default the toy. */
  problem?: Problem;
  mostTurns?: number;
  steps: number;
  shards: number;
  batchSize?: number;
  auditRate: number;
  /** Whether the coordinator can recompute. */
  own?: boolean;
  ownClass?: string;
  /** Of the coordinator's universal engine, where that is another. */
  universalClass?: string;
  secret?: Uint8Array;
  weights?: number;
  seed?: number;
  /** Multiplies the gradient of one record, everywhere. */
  robust?: RobustName;
  outlier?: { record: number; times: number };
}

export async function swarmOfLiars(options: LiarsOptions) {
  const { participants, steps, shards, auditRate, batchSize = 16, mostTurns = MOST_TURNS } = options;
  const { layout, initial, records, learningRate, engine } = options.problem ?? toyProblem(options);
  const events: RunEvent[] = [];
  const tell = (event: RunEvent) => events.push(event);
  const order = Uint32Array.from({ length: records }, (_, i) => i);
  const assemble = async (indices: Uint32Array): Promise<Batch> => ({
    count: indices.length,
    x: Int32Array.from(indices),
    y: new Uint8Array(0),
  });

  const recomputed: string[] = [];
  const own: OwnEngine = {
    worker: ownWorker(),
    async compute(lease, current, which) {
      const { ownClass: usual = TOY_CLASS, universalClass = usual } = options;
      const ownClass = which === 'universal' ? universalClass : usual;
      const toy = engine(ownClass);
      await toy.setWeights(current.flat());
      const gradient = new Float32Array(layout.total);
      const shardsOf = lease.bounds.slice(1).map(async (end, at) => ({
        batch: await assemble(order.subarray(lease.bounds[at]!, end)),
        seed: mix(SEED, lease.step, lease.firstShard + at),
      }));
      const sums = await new NodeComputer(toy).compute(await Promise.all(shardsOf), gradient);
      recomputed.push(`step ${lease.step}, node ${lease.node}`);
      const chunks = layout.mapChunks((chunk) => {
        const { start, end } = layout.range(chunk);
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
  const losses: number[] = [];
  const { core, progress, run } = testRun({
    ...{ steps, batchSize, records, layout, learningRate, trust, clock, tell },
    weights: initial,
    optimizer: createOptimizer({ name: 'sgd', momentum: 0.9 }),
    robust: createRobustRule(options.robust ?? 'none', () => undefined, [1]),
    shards: options.robust ? 'auto' : shards,
    deadAfterMs: 60_000,
    shardSamples: 1,
    seed: SEED,
    test: { parts: [{ from: 0, to: 8 }], mostInHand: 64, confusion: squareOf(0) },
    trace: lastEvents.steps(() => clock.time),
    record: { step: ({ sums }) => losses.push(sums.loss) },
  });
  const network = new MemoryNetwork(core, clock, options.seed ?? 1);
  for (const participant of participants) {
    const { name, role, lie, engineClass = TOY_CLASS } = participant;
    const kind = role === 'volunteer' ? 'browser' : 'node';
    network.join(name, materialOf(layout, order, assemble, engine(engineClass), lie), kind);
  }
  try {
    await network.deliver(core.swarm.atLeast(participants.length, new AbortController().signal));
    let turns = 0;
    const patience = () => {
      if (++turns > mostTurns) throw new Error(`step ${progress.step} stands still`);
    };
    await network.deliver(run(), patience);
    const closed = new Map(network.workers.map(({ name, closed }) => [name, closed]));
    return {
      weights: core.pipeline.weights.flat(),
      losses,
      events,
      closed,
      recomputed,
      audits: trust.reputation.record(),
      counters: progress.shards,
      totals: core.swarm.given.totals(),
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
    limits: limitsOf(layout, order.length),
    compute: {
      name: engine.name,
      engineClass: engine.engineClass,
      reason: 'toy',
      allocate: (elements) => new Float32Array(elements),
      setWeights: (weights) => engine.setWeights(weights),
      computeNode: async (shards: readonly Shard[], into: Float32Array) => {
        const sums = await computer.compute(shards, into);
        return lie?.(into, sums, calls++) ?? sums;
      },
      evaluate: (batch) => engine.evaluate(batch),
      close: async () => undefined,
    },
  };
}

function toyProblem({ weights = 200, outlier }: LiarsOptions): Problem {
  const specs = [
    { name: 'kernel', shape: [weights - 5], trainable: true },
    { name: 'bias', shape: [5], trainable: true },
  ];
  const layout = layoutOf(specs, CHUNK_ELEMENTS);
  return {
    layout,
    initial: Float32Array.from({ length: layout.total }, (_, i) => Math.fround(Math.sin(i + 1))),
    records: RECORDS,
    learningRate: 0.001,
    engine: (engineClass) => toyEngine(layout.total, engineClass, outlier),
  };
}

/** Another class computes with other roundings; `broken` is far off. */
function toyEngine(elements: number, engineClass: string, outlier?: LiarsOptions['outlier']): Engine {
  let held = new Float32Array(elements);
  const rounding = engineClass === TOY_CLASS ? 1 : engineClass === 'broken@1' ? 0.6 : 1 + 1e-6;
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
