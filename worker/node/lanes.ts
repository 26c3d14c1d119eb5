/** How many lanes a worker has. */
import { networkInterfaces } from 'node:os';
import { UserError } from '../../shared/user-error.js';
import { LANES } from './options.js';

export interface LaneWish {
  lanes: 'auto' | number;
  /** Threads of each lane's engine. */
  threads: number;
  /** Processors that this process may use. */
  processors: number;
  /** Whether the coordinator runs on this machine: it needs a processor of its own. */
  isCoordinators: boolean;
}

/**
 * @returns how many, at least 1, and what people are warned of
 * @throws UserError that names a number of lanes that is none
 */
export function wantedLanes({ lanes, threads, processors, isCoordinators }: LaneWish): {
  lanes: number;
  warning?: string;
} {
  const given = LANES.read(lanes);
  if (given === undefined) throw new UserError(`lanes: must be ${LANES.must}, not ${lanes}`, 2);
  if (given === 'auto')
    return { lanes: Math.max(1, Math.floor((processors - (isCoordinators ? 1 : 0)) / threads)) };
  if (given * threads <= processors) return { lanes: given };
  const asked = threads === 1 ? `${given} lanes` : `${given} lanes of ${threads} threads`;
  const have = processors === 1 ? '1 processor' : `${processors} processors`;
  return {
    lanes: given,
    warning: `${asked} share the ${have} that this process may use: fewer may be as fast`,
  };
}

/** Whether a server at `hostname`, as a URL has it, runs on this machine. */
export function isOwnMachine(hostname: string, interfaces = networkInterfaces()): boolean {
  const address = hostname.replace(/^\[|\]$/g, '');
  if (/^(localhost|127(\.\d+){3}|::1)$/.test(address)) return true;
  return Object.values(interfaces).some((all) => all?.some((own) => own.address === address));
}

/**
 * The lanes of each of `workers` processes on the machine of their coordinator: an equal share of its processors less
 * one, and at least 1; the first get what is left over.
 */
export function dividedLanes(workers: number, processors: number): number[] {
  const all = Math.max(1, processors - 1);
  return Array.from({ length: workers }, (_, i) =>
    Math.max(1, Math.floor(all / workers) + (i < all % workers ? 1 : 0)),
  );
}
