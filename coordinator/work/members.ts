/** Who takes part, and what each has done. Pure state: no sockets, no clock. */
import type { WorkerKind } from '../../shared/protocol/messages.js';

export type MemberState = 'joining' | 'syncing' | 'idle' | 'computing';

export interface Member {
  id: number;
  name: string;
  kind: WorkerKind;
  engine: string;
  engineClass: string;
  state: MemberState;
  lastHeard: number;
  samples: number;
  contributions: number;
  /** Samples a second of computing, exponentially weighted; undefined before the first contribution. */
  speed: number | undefined;
  /** Of the last contribution: milliseconds of waiting, of computing, and of the rest (network, queues). */
  waitMs: number;
  computeMs: number;
  networkMs: number;
}

/** Weight of the newest measurement: an outlier fades within about ten. */
const SPEED_WEIGHT = 0.2;

export function newMember(id: number, name: string, kind: WorkerKind, now: number): Member {
  return {
    id,
    name,
    kind,
    engine: '',
    engineClass: '',
    state: 'joining',
    lastHeard: now,
    samples: 0,
    contributions: 0,
    speed: undefined,
    waitMs: 0,
    computeMs: 0,
    networkMs: 0,
  };
}

export interface Measured {
  samples: number;
  computeMs: number;
  waitMs: number;
  /** From sending the lease to the last byte of the contribution. */
  turnaroundMs: number;
}

/** Credits a contribution that was counted. */
export function credit(member: Member, { samples, computeMs, waitMs, turnaroundMs }: Measured): void {
  member.samples += samples;
  member.contributions++;
  member.computeMs = computeMs;
  member.waitMs = waitMs;
  member.networkMs = Math.max(0, turnaroundMs - computeMs - waitMs);
  const measured = (samples * 1000) / Math.max(computeMs, 0.01);
  member.speed =
    member.speed === undefined ? measured : member.speed + SPEED_WEIGHT * (measured - member.speed);
}

/** What a worker has given over the whole run, summed over its connections. */
export interface Totals {
  name: string;
  kind: WorkerKind;
  engine: string;
  engineClass: string;
  samples: number;
  contributions: number;
}

/** Adds what `from` lists to `into`: one row for each (name, kind, engine class). */
export function mergeTotals(into: Totals[], from: readonly Totals[]): Totals[] {
  const merged = new Map<string, Totals>();
  for (const row of [...into, ...from]) {
    const key = JSON.stringify([row.name, row.kind, row.engineClass]);
    const before = merged.get(key);
    const { name, kind, engine, engineClass } = row;
    merged.set(key, {
      name,
      kind,
      engine,
      engineClass,
      samples: (before?.samples ?? 0) + row.samples,
      contributions: (before?.contributions ?? 0) + row.contributions,
    });
  }
  return [...merged.values()];
}
