/** A whole run on a simulated cluster with as many faults as one asks for. */

import type { Offer } from '../../../coordinator/run/core.js';
import type { StoredProgress } from '../../../coordinator/run/progress.js';
import type { Totals } from '../../../coordinator/scheduling/totals.js';
import { layoutOf } from '../../../shared/numerics/layout.js';
import { Random } from '../../../shared/numerics/random.js';
import type { Optimizer } from '../../../shared/numerics/update/optimizers/optimizer.js';
import { createOptimizer } from '../../../shared/numerics/update/optimizers/optimizers.js';
import type { RunEvent } from '../../../shared/status/events.js';
import type { ShardCounters } from '../../../shared/status/status.js';
import { lastEvents } from '../../support/simulation/last-events.js';
import { type Machine, Simulation } from '../../support/simulation/simulation.js';
import { sectionsOf, testRun } from '../../support/simulation/test-run.js';
import { BATCH, materialOf, orderOf, RECORDS, TEST } from './counting-model.js';

const SEED = 11;
const DEAD_AFTER_MS = 1000;
/** A step that takes so much longer than any fault lasts will never end. */
const STANDSTILL_MS = 300_000;

const adam = createOptimizer({ name: 'adam' });

/** Adam, and a sum of all mean gradients: for the weights that count samples, how often each was trained. */
const countingAdam: Optimizer = {
  slots: [...adam.slots, { name: 'gradients', initial: 0 }],
  update(kernels, { slots: [m, v, gradients], ...part }, hyper) {
    const squares = adam.update(kernels, { ...part, slots: [m!, v!] }, hyper);
    kernels.add(gradients!, part.gradient);
    return squares;
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
  /** Of a chunk; by default 16, so that gradients of many chunks, more than the window, stay small. */
  chunkElements?: number;
  /** How gradients travel; undefined: in float32. */
  exchange?: Offer['exchange'];
  /** How weights travel; undefined: in float32. */
  coding?: Offer['weights'];
  /** The loss that each step must have: the first one that has another ends the campaign. */
  losses?: ReadonlyMap<number, number>;
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
  const { seed, steps, weights: learning, shards, exchange, coding, chunkElements = 16 } = options;
  const specs = [
    { name: 'counts', shape: [RECORDS], trainable: true },
    { name: 'weights', shape: [learning], trainable: true },
  ];
  const layout = layoutOf(specs, chunkElements);
  const start = new Random(SEED);
  const initial = Float32Array.from({ length: layout.total }, () => start.between(-1, 1));
  const simulation = new Simulation(seed, (machine) => materialOf(machine, layout, orderOf(SEED)));
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

  for (let generation = 1; ; generation++) {
    const { core, progress, run } = testRun({
      ...{ layout, steps, shards, batchSize: BATCH, records: RECORDS, generation, clock: simulation.clock },
      weights: initial,
      optimizer: countingAdam,
      deadAfterMs: DEAD_AFTER_MS,
      seed: SEED,
      ...(exchange ? { exchange } : {}),
      ...(coding ? { coding } : {}),
      shuffle: 'full',
      evaluateEvery: 50,
      checkpointEvery: 7,
      test: TEST,
      trace: lastEvents.steps(() => simulation.clock.time),
      tell: (event) => {
        outcome.events.push(event);
        lastEvents.add(simulation.clock.time, 'coordinator', () => `tells ${event.type}: ${event.text}`);
      },
      record: {
        step: ({ step, sums }) => {
          simulation.patience = simulation.clock.now() + STANDSTILL_MS;
          if (options.stepsBetweenKills > 0) faults.stepped();
          outcome.losses.set(step, sums.loss);
          const expected = options.losses?.get(step) ?? sums.loss;
          if (sums.loss !== expected)
            simulation.failures.push(new Error(`step ${step} has a loss of ${sums.loss}, not ${expected}`));
        },
        evaluation: ({ step, totals }) => outcome.evaluations.set(step, totals.loss),
        checkpoint: () => {
          stored = {
            progress: structuredClone(progress.store(simulation.clock.now())),
            sections: sectionsOf(core.pipeline),
            totals: structuredClone(core.swarm.given.totals()),
          };
        },
      },
    });
    if (stored) {
      core.pipeline.state.restore(stored.progress.step, stored.sections);
      core.swarm.given.restore(stored.totals);
      progress.restore(structuredClone(stored.progress), simulation.clock.now());
    }
    simulation.core = core;
    const death = new AbortController();
    die = () => {
      lastEvents.add(simulation.clock.time, 'coordinator', () => 'is killed');
      simulation.core = undefined;
      for (const machine of simulation.machines) machine.coordinatorDied();
      death.abort(new Error('the coordinator was killed'));
    };
    const isComplete = await simulation
      .play(run({ drain: death.signal, abort: death.signal }))
      .catch((error) => {
        if (death.signal.aborted) return false;
        throw error;
      });
    if (isComplete) {
      outcome.kills = faults.kills;
      return {
        ...outcome,
        sections: sectionsOf(core.pipeline),
        counters: progress.shards,
        totals: core.swarm.given.totals(),
      };
    }
    // Nobody is there for a while.
    await simulation.play(new Promise<void>((resolve) => simulation.after(200, resolve)));
  }
}

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
