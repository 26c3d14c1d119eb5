/**
 * A worker, as the run knows it: its identity, its state, its speed. Pure state, without socket
 * or clock; it changes only by its methods.
 */
import { median } from '../../shared/numerics/median.js';
import type { WorkerKind } from '../../shared/protocol/messages.js';
import type { WorkerRole } from '../../shared/protocol/roles.js';
import { follow } from './estimate.js';
import { LeastTimes } from './least-times.js';
import type { Turnaround } from './turnaround.js';

/** One connection of a worker: a worker that comes back has another id. */
export type WorkerId = number;

export type WorkerState = 'joining' | 'syncing' | 'idle' | 'computing';

/** A contribution that has counted, and its times. */
export interface LeaseTiming extends Turnaround {
  waitMs: number;
}

/** A lease that was taken back: of a node in a step, or of a part in an evaluation of a version. */
export interface CanceledLease {
  kind: 'node' | 'part';
  step: number;
  index: number;
  samples: number;
  since: number;
}

/** Turnarounds that are remembered of a worker, and the number of them for the median time beside computing. */
const RECENT = 32;
const BESIDE = 15;
/** A worker that is overdue three times in a row is doubtful, and so is one that delivers and is overdue in turns. */
const DOUBTFUL = 2;
const MOST_DOUBT = 4;

export interface WorkerIdentity {
  id: WorkerId;
  /** The name that it gives itself. */
  name: string;
  kind: WorkerKind;
  /** The role by its token; `worker`, which is trusted, if the run asks for no tokens. */
  role?: WorkerRole;
  /** What lasts over connections, and what is banned (trust/identity.ts); by default its name. */
  identity?: string;
  /** Doubt from its behavior on earlier connections. */
  doubt?: number;
}

export class Worker {
  readonly id: WorkerId;
  readonly name: string;
  readonly kind: WorkerKind;
  readonly role: WorkerRole;
  readonly identity: string;
  engine = '';
  engineClass = '';
  /** Shards that it computes at a time, as it tells. */
  lanes = 1;
  state: WorkerState = 'joining';
  lastHeard: number;
  samples = 0;
  contributions = 0;
  /** Samples a second of computing, exponentially weighted; undefined before the first contribution. */
  speed: number | undefined;
  /** Milliseconds of a lease beside computing (latency, weights, upload); undefined like `speed`. */
  overheadMs: number | undefined;
  /** Its latest leases, oldest first: what to expect of the next one. */
  readonly recent: Turnaround[] = [];
  readonly least = new LeastTimes();
  /** How often it has let others wait, less what it has delivered since. */
  doubt: number;
  /** When it joined, or after that became ready: when it began to load what it lacks to be idle. */
  loadingSince: number;
  /** When it became idle. */
  idleSince: number;
  /** Leases that were taken back while it may still compute them: until it answers it is not free. */
  readonly canceledLeases: CanceledLease[] = [];
  /** Parts of an evaluation that it holds: their answers may be long. */
  parts = 0;
  /** Frames that its leases have asked for, and that have not come: all that it may still send. */
  framesOwed = 0;
  /** Milliseconds of the last contribution: waiting, computing, and the rest (network, queues). */
  waitMs = 0;
  computeMs = 0;
  networkMs = 0;
  /** A measured speed far from the known one, until the next one agrees with it. */
  private doubtedSpeed: number | undefined;
  /** Steps in a row for which the planner had no lease for it. */
  private passedOver = 0;
  /** When it last told of a contribution, or joined. */
  private doneAt: number;

  constructor({ id, name, kind, role = 'worker', identity = name, doubt = 0 }: WorkerIdentity, now: number) {
    this.id = id;
    this.name = name;
    this.kind = kind;
    this.role = role;
    this.identity = identity;
    this.doubt = doubt;
    this.lastHeard = now;
    this.loadingSince = now;
    this.idleSince = now;
    this.doneAt = now;
  }

  heard(now: number): void {
    this.lastHeard = now;
  }

  /** It has an engine, and is sent the weights. */
  ready(engine: string, engineClass: string, lanes = 1, now = this.loadingSince): void {
    this.computesWith(engine, engineClass);
    this.lanes = lanes;
    this.loadingSince = now;
    this.state = 'syncing';
  }

  computesWith(engine: string, engineClass: string): void {
    this.engine = engine;
    this.engineClass = engineClass;
  }

  /** It has all of a version: it can take leases. */
  synced(now: number): void {
    this.state = 'idle';
    this.idleSince = now;
  }

  /** Whether it can take leases. */
  get isActive(): boolean {
    return this.state === 'idle' || this.state === 'computing';
  }

  /** Whether nothing that was taken back is still on its hands. */
  get isFree(): boolean {
    return this.canceledLeases.length === 0;
  }

  /** A step does not wait for it as long as there are others: it is asked to compute what they compute too. */
  get isDoubtful(): boolean {
    return this.doubt >= DOUBTFUL;
  }

  get isVolunteer(): boolean {
    return this.role === 'volunteer';
  }

  /** It was given a lease. @param frames that answer it */
  lease(frames = 0): void {
    this.state = 'computing';
    this.framesOwed += frames;
  }

  /** A frame has come. @returns whether any of its leases, past ones included, asked for one more */
  framed(): boolean {
    return --this.framesOwed >= 0;
  }

  /** It was given a part of an evaluation, or holds it no more. */
  holdsParts(change: 1 | -1): void {
    this.parts += change;
  }

  /** A lease was taken back that it may still compute. */
  cancel(lease: CanceledLease): void {
    this.canceledLeases.push(lease);
  }

  /**
   * It has answered a lease that was taken back.
   * @returns that lease, or undefined if there is none
   */
  acknowledge(kind: CanceledLease['kind'], step: number, index: number): CanceledLease | undefined {
    const at = this.canceledLeases.findIndex(
      (lease) => lease.kind === kind && lease.step === step && lease.index === index,
    );
    return at < 0 ? undefined : this.canceledLeases.splice(at, 1)[0];
  }

  /** What it does now. @param holds whether it holds a lease */
  refresh(holds: boolean, now: number): void {
    if (!this.isActive) return;
    const state = holds || !this.isFree ? 'computing' : 'idle';
    if (state === 'idle' && this.state === 'computing') this.idleSince = now;
    this.state = state;
  }

  /**
   * It tells of a contribution.
   * @param since when it was leased
   * @returns what it tells, its times bounded by the coordinator's own clock: no worker has computed for longer than
   *   since its lease, or waited for longer than since it was last done
   */
  announced<T extends { computeMs: number; waitMs: number }>(told: T, since: number, now: number): T {
    const computeMs = Math.min(told.computeMs, Math.max(0, now - since));
    const waitMs = Math.min(told.waitMs, Math.max(0, now - this.doneAt));
    this.doneAt = now;
    return { ...told, computeMs, waitMs };
  }

  /** A contribution of it has counted. */
  credit({ samples, computeMs, waitMs, turnaroundMs }: LeaseTiming): void {
    this.samples += samples;
    this.contributions++;
    this.computeMs = computeMs;
    this.waitMs = waitMs;
    this.networkMs = Math.max(0, turnaroundMs - computeMs - waitMs);
    this.measure({ samples, computeMs, turnaroundMs });
  }

  /** Learns from a lease how fast it is, whether its contribution counted or not. */
  measure(lease: Turnaround): void {
    const { samples, computeMs } = lease;
    const known = this.speed === undefined ? undefined : { value: this.speed, doubted: this.doubtedSpeed };
    const speed = follow(known, (samples * 1000) / Math.max(computeMs, 0.01));
    this.speed = speed.value;
    this.doubtedSpeed = speed.doubted;
    this.recent.push(lease);
    this.least.changed(this.recent, this.recent.length > RECENT ? this.recent.shift() : undefined);
    // What comes beside computing is made of hiccups, which last for several leases: the middle of more is taken.
    const beside = this.recent.slice(-BESIDE).map((past) => past.turnaroundMs - past.computeMs);
    this.overheadMs = Math.max(median(beside), 0.01);
  }

  /** Others were asked for what it let them wait for. */
  overdue(): void {
    this.doubt = Math.min(this.doubt + 1, MOST_DOUBT);
  }

  /** It has delivered a lease, or `inPart`: what it had computed when it was told to stop. */
  delivered(inPart = false): void {
    this.doubt *= inPart ? 0.8 : 0.5;
  }

  /**
   * Whether the planner had a lease for it in this step.
   * @returns whether it is to be tried: it may be faster now. Sooner while little is known of it, as its first leases
   *   told how long it takes to load and to warm up
   */
  planned(isPlanned: boolean): boolean {
    this.passedOver = isPlanned ? 0 : this.passedOver + 1;
    return this.passedOver >= Math.min(20, 2 ** this.recent.length);
  }

  /** It was given a copy of somebody's node, to see how fast it is. */
  tried(): void {
    this.passedOver = 0;
  }
}
