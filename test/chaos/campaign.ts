/**
 * A whole run on a simulated cluster with as many faults as one asks for, on an engine that needs no tensors.
 *
 * The model has 32 weights whose gradient depends on weights, sample and seed, so that any slip changes all
 * that follows; and one weight a sample, whose gradient is 1 for that sample and 0 else: its sum counts how
 * often the sample was trained, exactly.
 */
import { Control } from '../../coordinator/control.js';
import { createCore } from '../../coordinator/core.js';
import { Progress, type StoredProgress } from '../../coordinator/progress.js';
import { run } from '../../coordinator/run.js';
import type { Optimizer } from '../../coordinator/update/optimizers/optimizer.js';
import { createOptimizer } from '../../coordinator/update/optimizers/optimizers.js';
import type { Totals } from '../../coordinator/work/members.js';
import { layoutOf } from '../../shared/layout.js';
import { epochOrder, parseShuffle } from '../../shared/permutation.js';
import { Random } from '../../shared/random.js';
import type { RunEvent, ShardCounters } from '../../shared/status.js';
import { NodeComputer } from '../../worker/engine/compute-node.js';
import type { Batch, Engine } from '../../worker/engine/engine.js';
import type { RunMaterial } from '../../worker/material.js';
import { type Machine, Simulation } from '../support/simulation.js';

export const RECORDS = 96;
export const BATCH = 16;
const SEED = 11;
const DEAD_AFTER_MS = 1000;
/** A step that takes so much longer than any fault lasts will never end. */
const STANDSTILL_MS = 300_000;

const adam = createOptimizer({ name: 'adam' });

/** Adam, and a sum of all mean gradients: for the weights that count samples, how often each was trained. */
const countingAdam: Optimizer = {
  name: 'counting adam',
  slots: [...adam.slots, { name: 'gradients', initial: 0 }],
  update(kernels, { slots: [m, v, gradients], ...part }, hyper) {
    kernels.add(gradients!, part.gradient);
    adam.update(kernels, { ...part, slots: [m!, v!] }, hyper);
  },
};

export interface CampaignOptions {
  seed: number;
  steps: number;
  machines: number;
  /** Elements of the part that learns. */
  weights: number;
  shards: number;
  /** Steps between two deaths of workers, on average; 0: none, and no other fault either. */
  stepsBetweenKills: number;
  /** Deaths of workers between two of the coordinator's. */
  killsBetweenRestarts: number;
}

export interface Outcome {
  sections: Map<string, Float32Array>;
  /** Loss of each step, by step. */
  losses: Map<number, number>;
  evaluations: Map<number, number>;
  counters: ShardCounters;
  totals: Totals[];
  kills: number;
  restarts: number;
  events: RunEvent[];
}

/** What a checkpoint in memory holds. */
interface Stored {
  progress: StoredProgress;
  sections: Map<string, Float32Array>;
  totals: Totals[];
}

export async function campaign(options: CampaignOptions): Promise<Outcome> {
  const { seed, steps, weights: learning, shards } = options;
  const layout = layoutOf([
    { name: 'counts', shape: [RECORDS], trainable: true },
    { name: 'weights', shape: [learning], trainable: true },
  ]);
  const start = new Random(SEED);
  const initial = Float32Array.from({ length: layout.total }, () => start.between(-1, 1));
  const shuffle = parseShuffle('full');
  const order = (epoch: number) =>
    epochOrder({ records: RECORDS, recordsPerChunk: RECORDS, seed: SEED, epoch, shuffle });
  const simulation = new Simulation(seed, (machine) => materialOf(machine, layout, order));
  simulation.every(250, () => {
    for (const machine of simulation.machines) machine.heartbeat();
  });
  simulation.every(10, () => simulation.core?.swarm.look());
  simulation.every(DEAD_AFTER_MS / 4, () => simulation.core?.swarm.sweep());

  const outcome: Omit<Outcome, 'sections' | 'counters' | 'totals'> = {
    losses: new Map(),
    evaluations: new Map(),
    kills: 0,
    restarts: 0,
    events: [],
  };
  let stored: Stored | undefined;
  let die: () => void = () => undefined;
  const faults = new Faults(simulation, options, () => {
    outcome.restarts++;
    die();
  });
  for (let i = 0; i < options.machines; i++) faults.newcomer();

  for (let epoch = 1; ; epoch++) {
    const none = '0'.repeat(64);
    const core = createCore({
      layout,
      weights: initial,
      rule: { optimizer: countingAdam, clipNorm: 0, clipValue: 0, averageDecay: 0 },
      shards,
      engineClass: 'any',
      deadAfterMs: DEAD_AFTER_MS,
      run: 'chaos',
      epoch,
      objects: { model: none, train: none, test: none, probe: none, program: none },
      shardSamples: BATCH / shards,
      seed: SEED,
      shuffle: 'full',
      clock: simulation.clock,
      timers: false,
      tell: (event) => outcome.events.push(event),
    });
    const progress = new Progress(simulation.clock.now(), true);
    if (stored) {
      core.pipeline.restore(stored.progress.step, stored.sections);
      core.swarm.restoreTotals(stored.totals);
      progress.restore(structuredClone(stored.progress), simulation.clock.now());
    }
    simulation.core = core;
    const death = new AbortController();
    die = () => {
      simulation.core = undefined;
      for (const machine of simulation.machines) machine.coordinatorDied();
      death.abort(new Error('the coordinator was killed'));
    };
    const checkpoint = () => {
      stored = {
        progress: structuredClone(progress.store(simulation.clock.now())),
        sections: sectionsOf(core.pipeline.sections()),
        totals: structuredClone(core.swarm.totals()),
      };
    };
    const running = run(
      {
        steps,
        epochPlan: { records: RECORDS, batchSize: BATCH },
        shards,
        evaluateEvery: 50,
        checkpointEvery: 7,
        minWorkers: 1,
        layout,
        test: {
          parts: Array.from({ length: 6 }, (_, i) => ({ from: 16 * i, to: 16 * (i + 1) })),
          confusionClasses: 0,
        },
      },
      {
        ...core,
        progress,
        control: new Control({ schedule: (peak) => () => peak, peak: 0.01, changes: [] }),
        clock: simulation.clock,
        record: {
          step: ({ step, sums }) => {
            simulation.patience = simulation.clock.now() + STANDSTILL_MS;
            if (options.stepsBetweenKills > 0) faults.stepped();
            outcome.losses.set(step, sums.loss);
          },
          evaluation: ({ step, totals }) => outcome.evaluations.set(step, totals.loss),
          contribution: () => undefined,
          change: () => undefined,
          checkpoint,
          settled: async () => undefined,
        },
      },
      { drain: death.signal, abort: death.signal },
    );
    const isComplete = await simulation.play(running).catch((error) => {
      if (death.signal.aborted) return false;
      throw error;
    });
    if (isComplete) {
      outcome.kills = faults.kills;
      const sections = sectionsOf(core.pipeline.sections());
      return { ...outcome, sections, counters: progress.shards, totals: core.swarm.totals() };
    }
    // Nobody is there for a while.
    await simulation.play(new Promise<void>((resolve) => simulation.after(200, resolve)));
  }
}

const sectionsOf = (sections: readonly { name: string; chunks: readonly Float32Array[] }[]) =>
  new Map(
    sections.map(({ name, chunks }) => [name, Float32Array.from(chunks.flatMap((chunk) => [...chunk]))]),
  );

/** Who dies, freezes and comes when: drawn from the simulation's seed. */
class Faults {
  kills = 0;
  private names = 0;

  constructor(
    private readonly simulation: Simulation,
    private readonly options: CampaignOptions,
    private readonly killCoordinator: () => void,
  ) {}

  newcomer(): void {
    // Up to twenty times as fast as the slowest.
    const speed = 0.1 * 20 ** this.simulation.random.float();
    this.simulation.start(`machine ${++this.names}`, speed);
  }

  /** After each step: what happens during the next one. */
  stepped(): void {
    const { random } = this.simulation;
    const { stepsBetweenKills, killsBetweenRestarts, machines } = this.options;
    const soon = (run: () => void) => this.simulation.after(random.between(0, 40), run);
    if (random.below(stepsBetweenKills) === 0) {
      // Now and then half of them, or all, at once.
      const many = [1, 1, 1, 1, 1, 1, 1, machines >> 1, machines][random.below(9)]!;
      for (let i = 0; i < many; i++) soon(() => this.kill());
    }
    if (random.below(10) === 0)
      soon(() => this.pick()?.holdUp(random.between(5, 3000), random.below(2) === 0));
    if (random.below(20) === 0) {
      soon(() => {
        const machine = this.pick();
        if (machine) machine.speed *= random.below(2) === 0 ? 0.1 : 5;
      });
    }
    if (random.below(stepsBetweenKills * killsBetweenRestarts) === 0) soon(() => this.killCoordinator());
  }

  private kill(): void {
    const machine = this.pick();
    if (!machine) return;
    this.kills++;
    // One in five takes its whole machine with it: nobody closes its connection.
    machine.kill(this.simulation.random.below(5) === 0);
    this.simulation.after(this.simulation.random.between(1, 300), () => this.newcomer());
  }

  private pick(): Machine | undefined {
    const machines = [...this.simulation.machines];
    return machines[this.simulation.random.below(Math.max(1, machines.length))];
  }
}

/** An engine whose work takes its machine's time. */
export function materialOf(
  machine: Machine,
  layout: RunMaterial['layout'],
  order: (epoch: number) => Uint32Array,
): RunMaterial {
  let held = new Float32Array(layout.total);
  const engine: Engine = {
    name: 'simulated',
    engineClass: 'simulated@1',
    setWeights: async (weights) => {
      held = weights.slice();
    },
    gradient: async ({ count, x }, seed, into) => {
      await machine.work(count / machine.speed);
      into.fill(0);
      let loss = 0;
      for (let i = 0; i < count; i++) {
        const record = x[i]!;
        into[record]!++;
        for (let w = RECORDS; w < layout.total; w++) {
          const value = Math.fround(held[w]! * (1 + ((record * 31 + w) % 17)) + (seed % 101) / 101 - 0.5);
          into[w] = Math.fround(into[w]! + value);
          loss += value * value;
        }
      }
      return { loss, metric: count };
    },
    evaluate: async ({ count, x }) => {
      let loss = 0;
      for (let i = 0; i < count; i++) loss += held[RECORDS + (x[i]! % (layout.total - RECORDS))]!;
      return { loss, metric: count };
    },
    dispose: () => undefined,
  };
  const assemble = async (indices: Uint32Array): Promise<Batch> => ({
    count: indices.length,
    x: Int32Array.from(indices),
    y: new Uint8Array(0),
  });
  const computer = new NodeComputer(engine);
  return {
    layout,
    train: { assemble },
    test: { range: (from, to) => assemble(Uint32Array.from({ length: to - from }, (_, at) => from + at)) },
    order,
    compute: {
      name: engine.name,
      engineClass: engine.engineClass,
      reason: 'simulated',
      allocate: (elements) => new Float32Array(elements),
      setWeights: (weights) => engine.setWeights(weights),
      computeNode: (shards, into, stop) => computer.compute(shards, into, async () => stop?.aborted === true),
      evaluate: async (batch) => {
        await machine.work(batch.count / machine.speed / 3);
        return engine.evaluate(batch);
      },
      close: async () => undefined,
    },
  };
}
