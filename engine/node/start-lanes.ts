/**
 * The lanes of a worker in Node: threads of this process, each with an engine of the same class. The first chooses the
 * engine; the others start meanwhile, if there is memory for them.
 */
import { runLayout } from '../../shared/numerics/rounds/round-layout.js';
import { AwakeTime, TICK_MS } from '../lanes/awake-time.js';
import { LONGEST_REPLICA_MS } from '../lanes/deadline.js';
import type { Lane } from '../lanes/lane.js';
import { LanePool } from '../lanes/lane-pool.js';
import { lanesFor } from '../lanes/lanes-for.js';
import { type EngineThreadOptions, startEngineThread } from './engine-thread.js';

export interface LanesOptions extends EngineThreadOptions {
  /** Lanes wanted; fewer are started where the engine or the memory allows no more, which `log` then hears. */
  lanes: number;
  log(text: string): void;
  /** What tests replace. */
  machine?: Machine;
}

export interface Machine {
  startThread: typeof startEngineThread;
  /** Bytes of memory in use by this process. */
  used(): number;
  /** Bytes that this process may still take, by the machine and by its control group. */
  available(): number;
}

const THIS_MACHINE: Machine = {
  startThread: startEngineThread,
  used: () => process.memoryUsage.rss(),
  available: () => process.availableMemory(),
};

/** @throws UserError if this machine has no engine for the model, or not the wanted one */
export async function startLanes({
  lanes: wanted,
  log,
  machine = THIS_MACHINE,
  ...options
}: LanesOptions): Promise<LanePool> {
  const before = machine.used();
  const first = await machine.startThread({ ...options, lanes: wanted });
  // Libraries and data are shared, which the first lane's growth includes: it is what another one needs at most. Each
  // has the weights for itself, and values on their way up the tree take two vectors more.
  const needed = machine.used() - before + 3 * 4 * runLayout(options.model.weights, options.local).total;
  const count = lanesFor(first.name, { wanted, needed, available: machine.available(), log });
  const { probe: _, ...known } = options;
  const time = new AwakeTime(() => undefined);
  const stopTicking = tick(time);
  const pool = new LanePool({
    engine: first,
    first,
    count,
    start: (): Promise<Lane> => machine.startThread({ ...known, wanted: first.name }),
    allocate: (elements) => first.allocate(elements),
    firstDeadlineMs: options.local && LONGEST_REPLICA_MS,
    time,
    now: () => performance.now(),
    log,
  });
  void pool.closed.then(stopTicking);
  return pool;
}

/** @returns what stops it */
function tick(time: AwakeTime): () => void {
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    time.tick(now - last);
    last = now;
  }, TICK_MS);
  timer.unref();
  return () => clearInterval(timer);
}
