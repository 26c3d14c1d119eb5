/**
 * A simulated run on a fake clock (test/support/simulation/simulation.ts), with hostile connections as many as one asks for:
 * cheap enough for millions of messages, in many chunks, and the same again for the same seed.
 */
import { type ConnectionGuard, OPEN_GUARD } from '../../../coordinator/server/access/connection-guard.js';
import { Trust } from '../../../coordinator/trust/trust.js';
import { layoutOf } from '../../../shared/numerics/layout.js';
import { Random } from '../../../shared/numerics/random.js';
import { createOptimizer } from '../../../shared/numerics/update/optimizers/optimizers.js';
import type { Tap } from '../../../shared/protocol/trace.js';
import type { ShardCounters } from '../../../shared/status/status.js';
import { lastEvents } from '../../support/simulation/last-events.js';
import { Simulation } from '../../support/simulation/simulation.js';
import { sectionsOf, testRun } from '../../support/simulation/test-run.js';
import { BATCH, materialOf, orderOf, RECORDS, TEST } from '../chaos/counting-model.js';
import { Closes } from './closes.js';
import { attack } from './hostile.js';
import { MemoryLine } from './memory-line.js';

const SHARDS = 8;
/** Weights: whole chunks, so that each has the same length. In place of 131,072: gradients of many chunks stay small. */
const SMALL = { chunks: 8, elements: 16 };
/** Large enough that some of it is coded. */
const CODED = { chunks: 2, elements: 176 };
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
  /** Whether gradients and weights travel coded. */
  isCoded?: boolean;
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
export async function simulated({
  seed,
  frames,
  steps,
  isCoded = false,
  read,
}: SimulatedOptions): Promise<SimulatedOutcome> {
  const { chunks, elements } = isCoded ? CODED : SMALL;
  const specs = [
    { name: 'counts', shape: [RECORDS], trainable: true },
    { name: 'weights', shape: [chunks * elements - RECORDS], trainable: true },
  ];
  const layout = layoutOf(specs, elements);
  const simulation = new Simulation(seed, (machine) => materialOf(machine, layout, orderOf(1)), false);
  const start = new Random(1);
  const tell = () => undefined;
  const { core, progress, run } = testRun({
    ...{ layout, steps, batchSize: BATCH, records: RECORDS, shards: SHARDS, clock: simulation.clock },
    weights: Float32Array.from({ length: layout.total }, () => start.between(-1, 1)),
    optimizer: createOptimizer({ name: 'adam' }),
    deadAfterMs: DEAD_AFTER_MS,
    shuffle: 'full',
    ...(isCoded ? { exchange: { code: 'int8', depth: 3 } as const, coding: 'delta4' as const } : {}),
    evaluateEvery: 20,
    test: TEST,
    trace: lastEvents.steps(() => simulation.clock.time),
    trust: new Trust({ volunteers: 'none', auditRate: 1, secret: new Uint8Array(32), tell }),
  });
  simulation.core = core;
  for (let at = 0; at < MACHINES; at++) simulation.start(`honest ${at}`, 0.2 + at / 4);
  simulation.every(DEAD_AFTER_MS / 4, () => {
    for (const machine of simulation.machines) machine.heartbeat();
    core.swarm.sweep();
  });
  simulation.every(10, () => core.swarm.look());
  simulation.every(1000, () => core.swarm.tellProgress({ step: 0, steps, loss: null, samplesTrained: 0 }));

  const tapOf = (connection: number) => lastEvents.tap(`hostile ${connection}`, () => simulation.clock.time);
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
        ...{ seed, connection, tokens: TOKENS, elements, chunks },
        coded: core.exchange && layout.mapChunks((chunk) => core.exchange!.chunks.bytes(chunk)),
        dial: (random, hear) =>
          new MemoryLine(core.swarm, guardOf(received, tapOf(connection)), random, hear),
      })
        .then(({ code }) => code !== undefined && closes.count(code))
        .catch((error) => {
          const text = `connection ${connection}: ${error.message}`;
          simulation.failures.push(new Error(text, { cause: error }));
        });
    });
  }
  await simulation.play(run({ drain: stop.signal }));
  const { step, shards: counters, samplesTrained: samples } = progress;
  return { ...outcome, steps: step, counters, samples, sections: sectionsOf(core.pipeline) };
}

/** @param received is called for each message that is read */
function guardOf(received: () => void, trace: Tap): ConnectionGuard {
  return {
    ...OPEN_GUARD,
    authenticate: (token) => {
      const role = token === 'volunteer' || token === 'worker' ? token : undefined;
      if (!role) return { refused: token === undefined ? 'missing' : 'wrong' };
      return { principal: { roles: [role], token: { id: role, role, name: role } } };
    },
    received,
    trace,
  };
}
