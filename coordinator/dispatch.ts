/**
 * Who holds which lease of a step: plans at its start, leases again what is lost, asks others for what is
 * late, and takes back what is no longer needed. Decides when, never what the sum is.
 *
 * After each of its calls every (shard, chunk) that is missing can be delivered by an open lease, or is an
 * orphan that waits for a worker (work/orphans.ts): so no step waits for ever.
 */
import type { Clock } from '../shared/clock.js';
import type { ShardCounters } from '../shared/status.js';
import { isWithin, leafCount, type Node, ROOT } from '../shared/tree.js';
import type { Contributor, Worker } from './participants.js';
import type { Swarm } from './swarm.js';
import type { LeaseEntry, StepLedger } from './work/ledger.js';
import type { Member } from './work/members.js';
import { canDeliver, orphans } from './work/orphans.js';
import { type Assignment, plan } from './work/planner.js';
import { speculate } from './work/speculation.js';

/**
 * A worker that the planner has passed over so many steps is given a copy of someone's node: it may be faster
 * now. Sooner while little is known of it: its first leases told how long it takes to load and to warm up.
 */
const probeAfterSteps = ({ recent }: Member) => Math.min(20, 2 ** recent.length);
/** Seconds that a lease costs a worker not measured yet: encoding, sending and adding one parameter. */
const SECONDS_PER_PARAMETER = 1e-8;

export interface DispatchOptions {
  swarm: Swarm;
  ledger: StepLedger;
  /** Elements of the flat vector. */
  elements: number;
  counters: ShardCounters;
  clock: Clock;
  /** Makes the worker compute the node. */
  send(worker: Worker, lease: LeaseEntry): void;
  /** Workers that get nothing in this step. */
  isBarred(worker: Worker): boolean;
  /** Whether the worker has told that it has computed the node. */
  isComputed(worker: number, node: Node): boolean;
  /** When a lease last went on, if it has. */
  progressAt(worker: number, node: Node): number | undefined;
  /** The lease is taken back. Returns whether the worker had computed it already. */
  forget(worker: number, node: Node): boolean;
  /** First chunk that the step waits for. */
  front(): number;
}

export class Dispatch {
  /** Whether two leases overlap, or have: then a chunk that is counted can make an orphan of another. */
  private overlapping = false;
  /** Shards that have been leased before. */
  private readonly issued: Uint8Array;

  constructor(private readonly options: DispatchOptions) {
    this.issued = new Uint8Array(options.ledger.shards);
  }

  /** The first leases of the step. */
  begin(assignments?: Assignment[]): void {
    const { swarm } = this.options;
    // Whoever has left since the assignments were made leaves orphans.
    const here = new Set(swarm.active().map(({ member }) => member.id));
    const candidates = this.candidates();
    if (assignments) this.leaseAll(assignments.filter(({ worker }) => here.has(worker)));
    else if (candidates.length > 0) this.leaseAll(plan(ROOT, candidates, this.planOptions()));
    this.adopt();
    this.probe();
  }

  /** Leases all orphans of these chunks, if anybody is there to take them. Returns those leased before. */
  adopt(from = 0, to = this.options.ledger.chunks): number {
    const { ledger, counters } = this.options;
    let again = 0;
    for (const node of orphans(ledger, from, to)) {
      const candidates = this.candidates();
      if (candidates.length === 0) break;
      again += this.issued.subarray(...ledger.range(node)).reduce((sum, flag) => sum + flag, 0);
      this.leaseAll(plan(node, candidates, this.planOptions()));
    }
    counters.reissued += again;
    return again;
  }

  /** A worker is gone, or is not to be believed: what only it would have delivered goes to others. */
  withdraw(worker: Contributor): void {
    const { swarm, ledger } = this.options;
    const { id, name } = worker.member;
    for (const lease of ledger.leasesOf(id)) this.takeBack(lease);
    const again = this.adopt();
    if (again === 0) return;
    const what = again === 1 ? '1 shard' : `${again} shards`;
    const text = `step ${ledger.step + 1}: ${what} of ${name} given to others`;
    swarm.tell({ type: 'reissued', worker: name, text });
  }

  /** Makes one worker compute one node, whatever else is planned. */
  give(worker: Contributor, node: Node): void {
    this.leaseAll([{ node, worker: worker.member.id }]);
  }

  /** Chunk `chunk` of `node` under the lease of `holder` counts: other leases may have become worthless. */
  counted(holder: number, node: Node, chunk: number): void {
    if (!this.overlapping) return;
    const { ledger } = this.options;
    for (const lease of [...ledger.openLeases()]) {
      if (lease.worker === holder && lease.node === node) continue;
      const overlaps = isWithin(lease.node, node) || isWithin(node, lease.node);
      if (overlaps && !canDeliver(ledger, lease.node)) this.takeBack(lease);
    }
    this.adopt(chunk, chunk + 1);
  }

  /** Asks idle workers for what is late. To be called often. */
  look(now: number): void {
    const { swarm, ledger, progressAt, isComputed } = this.options;
    const members = swarm.active().map(({ member }) => member);
    const idle = this.ready().filter(({ member }) => ledger.leasesOf(member.id).length === 0);
    if (idle.length === 0) return;
    const byId = new Map(members.map((member) => [member.id, member]));
    const front = this.options.front();
    // A worker computes its leases one after the other: one waits for those before it.
    const ahead = new Map<number, number>();
    const leases = ledger.openLeases().flatMap(({ node, worker, since }) => {
      const member = byId.get(worker);
      const samples = (ahead.get(worker) ?? 0) + ledger.samples(node);
      if (!isComputed(worker, node)) ahead.set(worker, samples);
      // One that waits for its turn to upload is not late.
      if (!member || !ledger.isFree(node, front)) return [];
      const at = Math.max(since, progressAt(worker, node) ?? 0);
      return [{ node, worker, name: member.name, samples, since: at, recent: member.recent }];
    });
    const state = { leases, idle: idle.map(({ member }) => member) };
    const decisions = speculate(now, state, {
      all: members.flatMap(({ recent }) => recent),
      samples: (node) => ledger.samples(node),
      isLeaf: (node) => leafCount(ledger.shards, node) === 1,
    });
    for (const { node, worker, reason } of decisions) {
      this.overlapping = true;
      this.leaseAll([{ node, worker }]);
      swarm.tell({ type: 'speculated', step: ledger.step, text: `step ${ledger.step + 1}: ${reason}` });
    }
  }

  /** The step is over: takes back what is still leased. */
  end(): void {
    for (const lease of [...this.options.ledger.openLeases()]) this.takeBack(lease);
  }

  private takeBack({ worker: id, node, since }: LeaseEntry): void {
    const { swarm, ledger, forget } = this.options;
    const computed = forget(id, node);
    ledger.end(id, node);
    const worker = swarm.active().find(({ member }) => member.id === id);
    if (!worker) return;
    const { member, peer } = worker;
    peer.send({ type: 'cancel', step: ledger.step, node });
    const samples = ledger.samples(node);
    if (!computed) member.owed.push({ kind: 'node', step: ledger.step, index: node, samples, since });
    swarm.refresh(worker, ledger.leasesOf(id).length > 0);
  }

  /** Copies of the smallest node for workers that the plan passed over: to learn how fast they are now. */
  private probe(): void {
    const { ledger } = this.options;
    const smallest = [...ledger.openLeases()].sort(
      (a, b) => ledger.samples(a.node) - ledger.samples(b.node) || a.node - b.node,
    );
    let next = 0;
    for (const { member } of this.ready()) {
      if (ledger.leasesOf(member.id).length > 0) {
        member.passedOver = 0;
        continue;
      }
      const due = ++member.passedOver >= probeAfterSteps(member);
      const copied = smallest[next % Math.max(1, smallest.length)];
      if (!due || !copied) continue;
      next++;
      member.passedOver = 0;
      this.overlapping = true;
      this.leaseAll([{ node: copied.node, worker: member.id }]);
    }
  }

  /** Workers that owe nothing. */
  private ready(): Worker[] {
    const { swarm, isBarred } = this.options;
    return swarm.active().filter((worker) => worker.member.owed.length === 0 && !isBarred(worker));
  }

  /** Those to plan with, and the seconds of work that each has already. */
  private candidates() {
    const { swarm, ledger, isBarred } = this.options;
    const all = swarm.active().filter((worker) => !isBarred(worker));
    const isFree = ({ id, owed }: Member) => owed.length === 0 && ledger.leasesOf(id).length === 0;
    // How long somebody not measured will be busy is not known.
    const known = all.filter(({ member }) => member.speed !== undefined || isFree(member));
    return (known.length > 0 ? known : all).map(({ member }) => ({
      id: member.id,
      speed: member.speed,
      busy: this.secondsOwed(member) + this.secondsLeft(member.id, member.speed),
      leaseSeconds: member.overheadMs === undefined ? undefined : member.overheadMs / 1000,
    }));
  }

  /**
   * Until it is free of what was taken back. Of one that takes longer than its speed promises nothing is
   * known but that: it is given as long again, so that a hiccup costs it little, and a worker that hangs
   * gets less and less, and then nothing.
   */
  private secondsOwed({ owed, speed }: Member): number {
    const now = this.options.clock.now();
    const left = owed.map(({ since, samples }) => {
      const gone = (now - since) / 1000;
      const needed = speed === undefined ? 0 : samples / speed;
      return gone < needed ? needed - gone : gone;
    });
    return Math.max(0, ...left);
  }

  private leaseAll(assignments: readonly Assignment[]): void {
    const { swarm, ledger, clock, send } = this.options;
    const workers = new Map(swarm.active().map((worker) => [worker.member.id, worker]));
    for (const { node, worker: id } of assignments) {
      const worker = workers.get(id)!;
      if (!this.overlapping) this.overlapping = this.overlapsOpen(node);
      this.issued.fill(1, ...ledger.range(node));
      const lease = ledger.lease(node, id, clock.now());
      worker.member.state = 'computing';
      send(worker, lease);
    }
  }

  private overlapsOpen(node: Node): boolean {
    return this.options.ledger
      .openLeases()
      .some((lease) => isWithin(lease.node, node) || isWithin(node, lease.node));
  }

  private planOptions() {
    const { ledger, elements } = this.options;
    return { shards: ledger.shards, bounds: ledger.bounds, uploadSeconds: elements * SECONDS_PER_PARAMETER };
  }

  /** Seconds until the worker has computed what it holds; unknown speeds count as none. */
  secondsLeft(worker: number, speed: number | undefined): number {
    if (speed === undefined) return 0;
    const { ledger, clock, isComputed, progressAt } = this.options;
    const leases = ledger.leasesOf(worker).filter(({ node }) => !isComputed(worker, node));
    if (leases.length === 0) return 0;
    const samples = leases.reduce((sum, { node }) => sum + ledger.samples(node), 0);
    const { since, node } = leases[0]!;
    const begun = Math.max(since, progressAt(worker, node) ?? 0);
    return Math.max(samples / speed - (clock.now() - begun) / 1000, 0);
  }
}
