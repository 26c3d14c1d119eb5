/**
 * A coordinator with a thousand workers on real sockets, in processes of their own on one machine: memory, control work,
 * and how long what a hundred held lies idle that die at once.
 *
 * Control work: the processor time of the same swarm with a model of next to no parameters. What is left are messages,
 * leases, plans, timers, files, and a frame for each contribution. What the whole model takes beyond it is the data plane.
 */
import { median } from '../support/statistics.js';
import { IDLE_MODELS, type IdleModel } from './idle-models.js';
import { type Loss, SwarmOfProcesses } from './swarm-of-processes.js';

export interface SocketsOptions {
  members: number;
  /** Of workers. What dies at once is the workers of one. */
  processes: number;
  model: IdleModel;
  /** Steps that are measured. */
  steps: number;
  /** How many processes are killed after them, one after the other. */
  kills: number;
  log(line: string): void;
}

export interface SocketsReport {
  /** Connections that were closed though nobody was killed. */
  refused: number;
  /** Milliseconds of a step, the median of those measured, and of processor. */
  stepMs: number;
  cpuMs: number;
  /** Resident memory of the coordinator after those steps, and at most. */
  rssMb: number;
  peakMb: number;
  losses: Loss[];
}

const WARM_UP = 3;
/** Milliseconds of a shard. */
const SHARD_MS = 500;

const shardsFor = (members: number): number => 2 ** Math.ceil(Math.log2(1.6 * members));

export async function measureSockets(options: SocketsOptions): Promise<SocketsReport> {
  const swarm = new SwarmOfProcesses();
  try {
    return await measure(swarm, options);
  } finally {
    await swarm.end();
  }
}

async function measure(swarm: SwarmOfProcesses, options: SocketsOptions): Promise<SocketsReport> {
  const { members, processes, model, steps, log } = options;
  const shards = shardsFor(members);
  // Enough are left for the next step when one process has been killed after the other.
  const fewest = members - (options.kills * members) / processes;
  const { url, token } = await swarm.startCoordinator(fewest, shards, model);
  const { parameters } = IDLE_MODELS[model];
  const each = [parameters, members / processes, SHARD_MS];
  await Promise.all(Array.from({ length: processes }, () => swarm.startWorkers(url, token, ...each)));
  const first = swarm.newest() + WARM_UP;
  const began = [await swarm.began(first)];
  const before = await swarm.mark();
  for (let step = first + 1; step <= first + steps; step++) began.push(await swarm.began(step));
  const after = await swarm.mark();
  const stepMs = median(began.slice(1).map((at, i) => at - began[i]!));
  log(`  ${members} sockets, ${parameters} parameters: ${stepMs.toFixed(0)} ms a step`);
  const losses: Loss[] = [];
  for (let kill = 0; kill < options.kills; kill++) {
    const loss = await swarm.lose(SHARD_MS / 2, shards);
    losses.push(loss);
    log(`  ${members / processes} killed: ${loss.leases} leases replaced after ${loss.replacedMs} ms`);
  }
  const { rssMb, peakMb } = await swarm.mark();
  return {
    refused: swarm.refused.length,
    stepMs,
    cpuMs: (after.cpuMs - before.cpuMs) / steps,
    rssMb,
    peakMb,
    losses,
  };
}
