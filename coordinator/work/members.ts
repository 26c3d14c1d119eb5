/** Who takes part, and what each has done. Pure state: no sockets, no clock. */
import type { WorkerKind } from '../../shared/protocol/messages.js';
import type { WorkerRole } from '../../shared/roles.js';
import { follow } from './estimate.js';
import { median } from './median.js';

export type MemberState = 'joining' | 'syncing' | 'idle' | 'computing';

export interface Member {
  id: number;
  name: string;
  kind: WorkerKind;
  /** `worker`: trusted. */
  role: WorkerRole;
  engine: string;
  engineClass: string;
  state: MemberState;
  lastHeard: number;
  samples: number;
  contributions: number;
  /** Samples a second of computing, exponentially weighted; undefined before the first contribution. */
  speed: number | undefined;
  /** Milliseconds of a lease beside computing (latency, weights, upload); undefined like `speed`. */
  overheadMs: number | undefined;
  /** A measured speed far from the above, until the next one agrees with it. */
  doubtedSpeed: number | undefined;
  /** Its latest leases, oldest first: what to expect of the next one. */
  recent: Turnaround[];
  /** Steps in a row for which the planner had no lease for it. */
  passedOver: number;
  /** Leases that were taken back while it may still compute them: until it answers it is not free. */
  owed: Owed[];
  /** Of the last contribution: milliseconds of waiting, of computing, and of the rest (network, queues). */
  waitMs: number;
  computeMs: number;
  networkMs: number;
}

/** A lease as it went: what deadlines are made from. */
export interface Turnaround {
  samples: number;
  computeMs: number;
  /** From the lease, or from the end of the worker's lease before, to its last byte. */
  turnaroundMs: number;
}

/** A lease of a node in a step, or of a part in an evaluation of a version. */
export interface Owed {
  kind: 'node' | 'part';
  step: number;
  index: number;
  samples: number;
  since: number;
}

/** Turnarounds that are remembered of a worker; and of how many the time beside computing is the median. */
const RECENT = 32;
const BESIDE = 15;

export function newMember(
  id: number,
  name: string,
  kind: WorkerKind,
  now: number,
  role: WorkerRole = 'worker',
): Member {
  return {
    id,
    name,
    kind,
    role,
    engine: '',
    engineClass: '',
    state: 'joining',
    lastHeard: now,
    samples: 0,
    contributions: 0,
    speed: undefined,
    overheadMs: undefined,
    doubtedSpeed: undefined,
    recent: [],
    passedOver: 0,
    owed: [],
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
  measure(member, { samples, computeMs, turnaroundMs });
}

/** Learns from a lease how fast the worker is, whether its contribution counted or not. */
export function measure(member: Member, lease: Turnaround): void {
  const { samples, computeMs } = lease;
  const known =
    member.speed === undefined ? undefined : { value: member.speed, doubted: member.doubtedSpeed };
  const speed = follow(known, (samples * 1000) / Math.max(computeMs, 0.01));
  member.speed = speed.value;
  member.doubtedSpeed = speed.doubted;
  member.recent.push(lease);
  if (member.recent.length > RECENT) member.recent.shift();
  // What comes beside computing is made of hiccups, which last for several leases: the middle of more is taken.
  const beside = member.recent.slice(-BESIDE).map((past) => past.turnaroundMs - past.computeMs);
  member.overheadMs = Math.max(median(beside), 0.01);
}

/**
 * The worker has answered a lease that was taken back.
 * @returns what it owed, or undefined if it owed no such thing
 */
export function settle(member: Member, kind: Owed['kind'], step: number, index: number): Owed | undefined {
  const at = member.owed.findIndex(
    (owed) => owed.kind === kind && owed.step === step && owed.index === index,
  );
  return at < 0 ? undefined : member.owed.splice(at, 1)[0];
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

/** Adds what `from` lists to `into`: one row for each (name, kind, engine class) that has given anything. */
export function mergeTotals(into: Totals[], from: readonly Totals[]): Totals[] {
  const merged = new Map<string, Totals>();
  for (const row of [...into, ...from].filter(({ contributions }) => contributions > 0)) {
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
