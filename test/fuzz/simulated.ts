/**
 * A simulated run on a fake clock (test/support/simulation.ts), with hostile connections as many as one asks for:
 * cheap enough for millions of messages, in many chunks, and the same again for the same seed.
 */
import { Control } from '../../coordinator/control.js';
import { createCore } from '../../coordinator/core.js';
import { Progress } from '../../coordinator/progress.js';
import { run } from '../../coordinator/run.js';
import type { Door } from '../../coordinator/server/connection.js';
import { Trust } from '../../coordinator/trust/trust.js';
import { createOptimizer } from '../../coordinator/update/optimizers/optimizers.js';
import { CHUNK_ELEMENTS } from '../../shared/chunk-size.js';
import { layoutOf } from '../../shared/layout.js';
import { epochOrder, parseShuffle } from '../../shared/permutation.js';
import { Random } from '../../shared/random.js';
import type { ShardCounters } from '../../shared/status.js';
import { BATCH, materialOf, RECORDS } from '../chaos/campaign.js';
import { Simulation } from '../support/simulation.js';
import { Closes } from './closes.js';
import { attack } from './hostile.js';
import { MemoryLine } from './memory-line.js';

const SHARDS = 8;
/** Weights: whole chunks, so that each has the same length. */
const CHUNKS = 8;
const MACHINES = 4;
const DEAD_AFTER_MS = 1000;
/** Simulated milliseconds between two hostile connections. */
const EVERY_MS = 1;
const TOKENS = { volunteer: 'volunteer', worker: 'worker' };

export interface SimulatedOptions {
  seed: number;
  /** Hostile messages until the run is told to end; 0: there are none. */
  frames: number;
  /** The run ends at this step at the latest. */
  steps: number;
  /** Told now and then how many messages have been read. */
  read?(messages: number): void;
}

export interface SimulatedOutcome {
  steps: number;
  delivered: number;
  connections: number;
  closes: Closes;
  counters: ShardCounters;
  samples: number;
  sections: Map<string, Float32Array>;
}

/** @throws Error naming the connection that was answered as none should be */
export async function simulated({ seed, frames, steps, read }: SimulatedOptions): Promise<SimulatedOutcome> {
  const layout = layoutOf([
    { name: 'counts', shape: [RECORDS], trainable: true },
    { name: 'weights', shape: [CHUNKS * CHUNK_ELEMENTS - RECORDS], trainable: true },
  ]);
  const shuffle = parseShuffle('full');
  const order = (epoch: number) =>
    epochOrder({ records: RECORDS, recordsPerChunk: RECORDS, seed: 1, epoch, shuffle });
  const simulation = new Simulation(seed, (machine) => materialOf(machine, layout, order), false);
  const start = new Random(1);
  const none = '0'.repeat(64);
  const tell = () => undefined;
  const core = createCore({
    layout,
    weights: Float32Array.from({ length: layout.total }, () => start.between(-1, 1)),
    rule: { optimizer: createOptimizer({ name: 'adam' }), clipNorm: 0, clipValue: 0, averageDecay: 0 },
    shards: SHARDS,
    engineClass: 'any',
    deadAfterMs: DEAD_AFTER_MS,
    run: 'fuzz',
    objects: { model: none, train: none, test: none, probe: none, program: none },
    shardSamples: BATCH / SHARDS,
    seed: 1,
    shuffle: 'full',
    clock: simulation.clock,
    timers: false,
    trust: new Trust({ volunteers: 'none', auditRate: 1, secret: new Uint8Array(32), tell }),
    tell,
  });
  simulation.core = core;
  for (let at = 0; at < MACHINES; at++) simulation.start(`honest ${at}`, 0.2 + at / 4);
  simulation.every(DEAD_AFTER_MS / 4, () => {
    for (const machine of simulation.machines) machine.heartbeat();
    core.swarm.sweep();
  });
  simulation.every(10, () => core.swarm.look());
  simulation.every(1000, () => core.swarm.tellProgress({ step: 0, steps, loss: null, samplesTrained: 0 }));

  const stop = new AbortController();
  const closes = new Closes();
  const outcome = { delivered: 0, connections: 0, closes };
  const received = () => {
    outcome.delivered++;
    if (outcome.delivered >= frames) stop.abort();
  };
  if (frames > 0) {
    simulation.every(EVERY_MS, () => {
      if (stop.signal.aborted) return;
      read?.(outcome.delivered);
      const connection = ++outcome.connections;
      attack({
        ...{ seed, connection, tokens: TOKENS, elements: CHUNK_ELEMENTS, chunks: CHUNKS },
        dial: (random, hear) => new MemoryLine(core.swarm, doorOf(received), random, hear),
      })
        .then(({ code }) => code !== undefined && closes.count(code))
        .catch((error) => {
          const text = `connection ${connection}: ${error.message}`;
          simulation.failures.push(new Error(text, { cause: error }));
        });
    });
  }
  const progress = new Progress(0, true);
  const record = { change: tell, step: tell, evaluation: tell, contribution: tell, checkpoint: tell };
  const running = run(
    {
      ...{ steps, epochPlan: { records: RECORDS, batchSize: BATCH }, shards: SHARDS, layout },
      ...{ evaluateEvery: 20, checkpointEvery: 0, minWorkers: 1 },
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
      record: { ...record, settled: async () => undefined },
    },
    { drain: stop.signal, abort: new AbortController().signal },
  );
  await simulation.play(running);
  const sections = new Map(
    core.pipeline
      .sections()
      .map(({ name, chunks }) => [name, Float32Array.from(chunks.flatMap((chunk) => [...chunk]))]),
  );
  const { step, shards: counters, samplesTrained: samples } = progress;
  return { ...outcome, steps: step, counters, samples, sections };
}

/** @param received is called for each message that is read */
function doorOf(received: () => void): Door {
  return {
    admit: (token) => {
      const role = token === 'volunteer' || token === 'worker' ? token : undefined;
      if (!role) return { refused: token === undefined ? 'missing' : 'wrong' };
      return { visitor: { roles: [role], holder: { id: role, role, name: role } } };
    },
    watch: () => () => undefined,
    mayReceive: () => true,
    received,
    refused: () => undefined,
  };
}
