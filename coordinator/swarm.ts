/**
 * The workers that take part, as the run sees them: who they are, what each is doing, whether it lives.
 *
 * Knows nothing of WebSockets: a connection hands it messages and is, to it, a `Peer`. Worker events go
 * on to the work in hand, a training step or an evaluation.
 */

import type { Clock } from '../shared/clock.js';
import type { CloseReason } from '../shared/protocol/close-codes.js';
import type * as m from '../shared/protocol/messages.js';
import type { WorkerRole } from '../shared/roles.js';
import type { RunEvent } from '../shared/status.js';
import type { Contributor, Peer, Worker } from './participants.js';
import { WeightsFeed } from './server/weights-feed.js';
import type { Trust } from './trust/trust.js';
import type { Pipeline } from './update/pipeline.js';
import { Watch } from './watch.js';
import {
  credit,
  type Measured,
  type Member,
  measure,
  mergeTotals,
  newMember,
  type Owed,
  settle,
  type Totals,
} from './work/members.js';
import type { Work } from './work-in-hand.js';

export interface SwarmOptions {
  clock: Clock;
  pipeline: Pipeline;
  /** `any`, or the one class that is let in. */
  engineClass: string;
  deadAfterMs: number;
  welcome: Omit<m.Welcome, 'type' | 'worker'>;
  trust: Trust;
  tell(event: RunEvent): void;
}

export class Swarm {
  private readonly workers = new Map<number, Worker>();
  private readonly watchers = new Set<() => void>();
  private readonly watch: Watch;
  private nextId = 1;
  private work: Work | undefined;
  /** What workers that have left have given. */
  private past: Totals[] = [];
  /** Once the run is over: what whoever still comes is told. */
  private over: { reason: CloseReason; text: string } | undefined;

  constructor(private readonly options: SwarmOptions) {
    this.watch = new Watch(options.deadAfterMs);
  }

  /**
   * @param role what its token says; undefined: it has none
   * @param identity by default its name, which it has chosen itself
   */
  join(peer: Peer, { name, kind }: m.Join, role?: WorkerRole, identity = name): Worker {
    const { pipeline, welcome, clock, trust } = this.options;
    const member = newMember(this.nextId++, name, kind, clock.now(), trust.roleOf(role, kind));
    const worker: Worker = {
      member,
      role: member.role,
      identity,
      peer,
      weights: new WeightsFeed(pipeline.weights, peer),
      averaged: pipeline.averaged && new WeightsFeed(pipeline.averaged, peer),
    };
    this.workers.set(member.id, worker);
    const ban = trust.conduct.banOf(identity);
    if (this.over) peer.close(this.over.reason, this.over.text);
    else if (ban) this.refuse(worker, 'banned', ban.why);
    else peer.send({ type: 'welcome', worker: member.id, ...welcome });
    return worker;
  }

  /** The worker has an engine: it is sent the weights. */
  ready(worker: Worker, { engine, engineClass, reason }: m.Ready): void {
    // One that was sent away may still talk until its connection has closed.
    if (!this.workers.has(worker.member.id)) return;
    const wanted = this.options.engineClass;
    if (wanted !== 'any' && engineClass !== wanted && engine !== wanted) {
      const text = `this run demands engine class ${wanted}, the worker has ${engineClass}`;
      this.refuse(worker, 'engineClass', text);
      return;
    }
    worker.member.engine = engine;
    worker.member.engineClass = engineClass;
    worker.member.state = 'syncing';
    const text = `${worker.member.name} joined (${worker.member.kind}): ${reason}`;
    this.options.tell({ type: 'worker-joined', worker: worker.member.name, text });
    worker.weights.begin();
  }

  /** The worker has all of a version: it can take leases. */
  holding(worker: Worker): void {
    worker.member.state = 'idle';
    this.work?.arrived(worker);
    for (const watch of this.watchers) watch();
  }

  contribution(worker: Worker, message: m.Contribution): void {
    if (!this.late(worker, 'node', message.step, message.node, message)) {
      this.work?.contribution(worker, message);
    }
  }

  evaluated(worker: Worker, message: m.Evaluated): void {
    if (!this.late(worker, 'part', message.version, message.part, message)) {
      this.work?.evaluated(worker, message);
    }
  }

  /** The worker has let go of what was taken back from it. */
  dropped(worker: Worker, { step, node, part }: m.Dropped): void {
    settle(worker.member, node === undefined ? 'part' : 'node', step, node ?? part ?? -1);
    this.refresh(worker);
  }

  /**
   * Whether the answer is to a lease that was taken back: it tells how fast the worker is, by as much as it had
   * computed when it heard of it, and counts nothing.
   */
  private late(
    worker: Worker,
    kind: Owed['kind'],
    step: number,
    index: number,
    answer: { samples: number; computeMs: number },
  ): boolean {
    const owed = settle(worker.member, kind, step, index);
    if (!owed) return false;
    const { computeMs } = answer;
    const samples = Math.min(answer.samples, owed.samples);
    const turnaroundMs = Math.max(computeMs, this.options.clock.now() - owed.since);
    if (kind === 'node' && samples > 0) measure(worker.member, { samples, computeMs, turnaroundMs });
    this.refresh(worker);
    return true;
  }

  /** A contribution has counted: it is the worker's also where it has left since it sent it. */
  credit(worker: Contributor, measured: Measured): void {
    credit(worker.member, measured);
    if (this.workers.has(worker.member.id)) return;
    this.past = mergeTotals(this.past, [{ ...worker.member, samples: measured.samples, contributions: 1 }]);
  }

  /** What the worker does now, by what it holds and what it still owes. */
  refresh({ member }: Contributor, holds = false): void {
    if (member.state !== 'idle' && member.state !== 'computing') return;
    member.state = holds || member.owed.length > 0 ? 'computing' : 'idle';
  }

  heard(worker: Worker): void {
    worker.member.lastHeard = this.options.clock.now();
  }

  /** The connection is gone. */
  left(worker: Worker, why: string): void {
    if (!this.workers.delete(worker.member.id)) return;
    this.past = mergeTotals(this.past, [worker.member]);
    if (worker.member.state !== 'joining' && !this.over) {
      const text = `${worker.member.name} left: ${why}`;
      this.options.tell({ type: 'worker-left', worker: worker.member.name, text });
    }
    this.work?.lost(worker);
    if (this.work && !this.over && this.active().length === 0) {
      this.tell({ type: 'waiting', text: 'no worker is left: the run waits for the next one' });
    }
  }

  /** Sends a worker away, with its reason; its leases are free at once. */
  refuse({ member: { id } }: Contributor, reason: CloseReason, text: string): void {
    const worker = this.workers.get(id);
    // Two leases may run out at once: the worker is sent away for the first.
    if (!worker) return;
    this.options.tell({
      type: 'worker-refused',
      worker: worker.member.name,
      text: `${worker.member.name} refused: ${text}`,
    });
    worker.peer.close(reason, text);
    this.left(worker, text);
  }

  /** Sends away all that have this identity. */
  refuseBanned(identity: string, why: string): void {
    const all = [...this.workers.values()].filter((worker) => worker.identity === identity);
    for (const worker of all) this.refuse(worker, 'banned', why);
  }

  /** Tells people what happened. */
  tell(event: RunEvent): void {
    this.options.tell(event);
  }

  /** An admin sends a worker away, for good. @returns whether there is such a worker */
  remove(id: number): boolean {
    const worker = this.workers.get(id);
    if (worker) this.refuse(worker, 'removed', 'removed by an admin of the run');
    return worker !== undefined;
  }

  /** Until `end` is called, `work` hears of all that workers do. */
  begin(work: Work): void {
    this.work = work;
  }

  end(): void {
    this.work = undefined;
    for (const worker of this.active()) this.refresh(worker);
  }

  get current(): Work | undefined {
    return this.work;
  }

  /** Those that can take leases. */
  active(): Worker[] {
    return [...this.workers.values()].filter(
      ({ member }) => member.state === 'idle' || member.state === 'computing',
    );
  }

  isActive(worker: Contributor): boolean {
    return this.workers.get(worker.member.id) === worker && worker.member.state !== 'joining';
  }

  members(): Member[] {
    return [...this.workers.values()].map((worker) => worker.member);
  }

  /** A chunk of the next version is ready. */
  progressed(): void {
    for (const worker of this.workers.values()) worker.weights.pump();
    this.work?.progressed();
  }

  /** Sends the moving average of the current version to all. */
  sendAveraged(worker: Worker): void {
    worker.averaged?.begin(this.options.pipeline.weights.version);
  }

  /** Resolves once at least `count` workers can take leases, or `until` is aborted. */
  async atLeast(count: number, until: AbortSignal): Promise<void> {
    while (this.active().length < count && !until.aborted) {
      await new Promise<void>((resolve) => {
        const done = () => {
          this.watchers.delete(done);
          until.removeEventListener('abort', done);
          resolve();
        };
        this.watchers.add(done);
        until.addEventListener('abort', done);
      });
    }
  }

  /** Looks for what is late. To be called every few milliseconds. */
  look(): void {
    this.work?.look(this.options.clock.now());
  }

  /** Tells every worker how the run goes, and what it has given itself. */
  tellProgress(run: Omit<m.Progress, 'type' | 'samples'>): void {
    const key = ({ name, kind }: Pick<Totals, 'name' | 'kind'>) => JSON.stringify([name, kind]);
    const given = new Map<string, number>();
    for (const row of this.totals()) given.set(key(row), (given.get(key(row)) ?? 0) + row.samples);
    for (const { member, peer } of this.workers.values()) {
      peer.send({ type: 'progress', samples: given.get(key(member)) ?? 0, ...run });
    }
  }

  /** Sends away whoever is silent or sits on a lease that has run out. To be called regularly. */
  sweep(): void {
    const now = this.options.clock.now();
    for (const worker of this.workers.values()) {
      const verdict = this.watch.verdict(now, worker);
      if (verdict) this.refuse(worker, verdict.reason, verdict.text);
    }
    for (const { worker, why } of this.work?.expired(now) ?? []) this.refuse(worker, 'leaseExpired', why);
  }

  /** What each has given, those included that have left. */
  totals(): Totals[] {
    return mergeTotals(this.past, this.members());
  }

  restoreTotals(totals: readonly Totals[]): void {
    this.past = [...totals];
  }

  /** The run is over: sends all away, and whoever comes later. */
  closeAll(reason: CloseReason, text: string): void {
    this.over = { reason, text };
    for (const { peer } of this.workers.values()) peer.close(reason, text);
  }
}
