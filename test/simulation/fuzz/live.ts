/**
 * Hostile connections against a coordinator in a process of its own, while honest workers train: as many at once as
 * there are slots, one after the other in each, until the coordinator has read as many messages as one asks for.
 */
import { fileURLToPath } from 'node:url';
import { messageOf } from '../../../shared/user-error.js';
import { type RunningCluster, startProgram } from '../../support/cluster/cluster.js';
import { Closes } from './closes.js';
import { attack, type HostileOptions } from './hostile.js';
import { SocketLine } from './socket-line.js';

const PROBE = fileURLToPath(new URL('./memory-probe.mjs', import.meta.url));

/** Hostile connections at once. */
const SLOTS = 24;
const POLL_MS = 250;

/** Bytes, after garbage has been collected. */
export interface Memory {
  used: number;
  rss: number;
}

export interface ProbedCluster extends RunningCluster {
  memory(): Promise<Memory>;
  /** Messages that were read of those that are no trusted workers. */
  delivered(): Promise<number>;
}

/** A coordinator whose memory can be asked for. @param token of a monitor */
export async function probed(runDir: string, token: string, ...options: string[]): Promise<ProbedCluster> {
  const args = ['coordinator', '--port', '0', '--run-dir', runDir, '--quiet', ...options];
  const program = startProgram(args, { node: ['--expose-gc', '--import', PROBE] });
  const line = await program.line(/listening on http/);
  const url = /http:\S+/.exec(line)![0];
  let asked = 0;
  return {
    ...{ program, url, runDir },
    async memory() {
      const told = program.line(new RegExp(`^memory ${++asked} `));
      process.kill(program.pid, 'SIGUSR2');
      return JSON.parse((await told).replace(/^memory \d+ /, '')) as Memory;
    },
    async delivered() {
      const headers = { Authorization: `Bearer ${token}` };
      const text = await (await fetch(`${url}/metrics`, { headers })).text();
      const counts = text.matchAll(/^swarmgrad_messages_total\{sender="(?:volunteer|stranger)"\} (\d+)$/gm);
      return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
    },
  };
}

export interface SiegeOutcome {
  delivered: number;
  connections: number;
  closes: Closes;
  memory: Memory[];
}

export interface SiegeOptions extends Omit<HostileOptions, 'dial' | 'connection'> {
  frames: number;
  /** Measurements of memory, evenly over the frames. */
  measurements: number;
}

/** @throws Error naming the connection that was answered as none should be, or how the coordinator ended */
export async function besiege(cluster: ProbedCluster, options: SiegeOptions): Promise<SiegeOutcome> {
  const { frames, measurements } = options;
  const port = Number(new URL(cluster.url).port);
  const outcome: SiegeOutcome = { delivered: 0, connections: 0, closes: new Closes(), memory: [] };
  let isOver = false;
  const slot = async () => {
    while (!isOver) {
      const connection = ++outcome.connections;
      const dial: HostileOptions['dial'] = (random, hear) => new SocketLine(port, random, hear);
      try {
        const { code } = await attack({ ...options, connection, dial });
        if (code !== undefined) outcome.closes.count(code);
      } catch (error) {
        throw new Error(`connection ${connection}: ${messageOf(error)}`, { cause: error });
      }
    }
  };
  const watch = async () => {
    while (!isOver) {
      outcome.delivered = await cluster.delivered();
      if (outcome.delivered * measurements >= frames * (outcome.memory.length + 1))
        outcome.memory.push(await cluster.memory());
      if (outcome.delivered >= frames) isOver = true;
      else await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  };
  const died = cluster.program.ended.then((how) => {
    if (!isOver) throw new Error(`the coordinator ended (${how}): ${cluster.program.stderr}`);
  });
  const attacks = Promise.all([watch(), ...Array.from({ length: SLOTS }, slot)]);
  try {
    await Promise.race([attacks, died.then(() => attacks)]);
  } finally {
    isOver = true;
    await attacks.catch(() => undefined);
  }
  return outcome;
}
