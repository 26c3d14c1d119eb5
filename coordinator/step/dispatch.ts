/**
 * Decides who holds which lease of a step: plans at its start, leases again what is lost, asks others for what is
 * late, and takes back what is no longer needed. Decides when, never what the sum is.
 *
 * After each of its calls every (shard, chunk) that is missing can be delivered by an open lease, or is an
 * orphan that waits for a worker (scheduling/leases/orphans.ts): so no step waits for ever.
 */
import { isWithin, type Node } from '../../shared/numerics/tree.js';
import { told } from '../../shared/status/events.js';
import type { Lease } from '../scheduling/leases/ledger.js';
import { canDeliver, orphans } from '../scheduling/leases/orphans.js';
import { type Assignment, plan } from '../scheduling/planning/planner.js';
import { tiesByKey } from '../scheduling/planning/ties-by-key.js';
import { speculate } from '../scheduling/speculation/speculation.js';
import type { Worker, WorkerId } from '../scheduling/worker.js';
import { Availability } from './availability.js';
import { asIdle, waitedFor } from './late-leases.js';
import type { StepState } from './state.js';

/** Seconds that a lease costs a worker not measured yet: encoding, sending and adding one parameter. */
const SECONDS_PER_PARAMETER = 1e-8;

export class Dispatch {
  /** Whether two leases overlaps, or have: then a chunk that is counted can make an orphan of another. */
  private overlapping = false;
  /** Whether there may be orphans that nobody could take. */
  private areWaiting = false;
  /** Nodes that were free for a moment, and may have orphans under them. */
  private freed: Node[] = [];
  /** Workers of which others were asked for leases as well. */
  private readonly late = new Set<WorkerId>();
  /** Shards that have been leased before. */
  private readonly issued: Uint8Array;

  /** Who can take leases. */
  readonly availability: Availability;

  /** @param own the coordinator as a worker that recomputes */
  constructor(
    private readonly state: StepState,
    private readonly own: Worker | undefined,
  ) {
    this.availability = new Availability(state);
    this.issued = new Uint8Array(state.ledger.shards);
  }

  /** The first leases of the step. */
  begin(assignments?: Assignment[]): void {
    const { state, availability } = this;
    const candidates = availability.candidates(availability.willing());
    // Workers that have left since the assignments were made leave orphans.
    const isHere = ({ worker }: Assignment) => state.isHere(state.workers.get(worker));
    if (assignments) this.leaseAll(assignments.filter(isHere));
    else if (candidates.length > 0) this.leaseAll(plan(state.ledger.root, candidates, this.planOptions()));
    this.adopt();
    this.probe();
  }

  /**
   * Leases all orphans of these chunks under disjoint nodes, if anybody is there to take them: else they wait for who
   * joins. Returns those leased before.
   */
  adopt(from = 0, to = this.state.ledger.chunks, under: readonly Node[] = [this.state.ledger.root]): number {
    const { availability } = this;
    const { ledger } = this.state;
    // Where no two leases overlap, each delivers all that its shards lack.
    if (!this.overlapping && ledger.isLeased) return 0;
    let again = 0;
    for (const node of orphans(ledger, from, to, under)) {
      const candidates = availability.candidates(availability.heirs());
      this.areWaiting ||= candidates.length === 0;
      if (candidates.length === 0) break;
      again += this.issued.subarray(...ledger.range(node)).reduce((sum, flag) => sum + flag, 0);
      this.leaseAll(plan(node, candidates, this.planOptions()));
    }
    this.state.count('reissued', again);
    return again;
  }

  /** Somebody can take leases from now on. */
  joined(): void {
    if (!this.areWaiting) return;
    this.areWaiting = false;
    this.adopt();
  }

  /** A lease was ended, and its node may be nobody's: `withdraw` follows. */
  free(node: Node): void {
    this.freed.push(node);
  }

  /** A worker is gone, or is not to be believed: what only it would have delivered goes to others. */
  withdraw({ id, name }: Worker): void {
    const { ledger } = this.state;
    const nodes = new Set(this.freed.splice(0));
    for (const lease of ledger.leasesOf(id)) {
      this.takeBack(lease);
      nodes.add(lease.node);
    }
    const again = this.adopt(0, ledger.chunks, topmost([...nodes]));
    if (again === 0) return;
    this.state.tell(told({ type: 'reissued', worker: name, workerId: id, step: ledger.step, shards: again }));
  }

  /** Takes back what is held by workers that are gone: something may have kept that from being done when they left. */
  reclaim(): void {
    this.areWaiting = true;
    const { ledger, workers } = this.state;
    for (const lease of ledger.openLeases())
      if (!workers.get(lease.worker) && lease.worker !== this.own?.id) this.takeBack(lease);
  }

  /** Sends a worker its lease. */
  issue(worker: Worker, lease: Lease): void {
    this.overlapping ||= this.state.ledger.overlapsOpen(lease);
    this.issued.fill(1, ...this.state.ledger.range(lease.node));
    const message = this.state.leaseMessage(lease);
    worker.lease(this.state.ledger.chunks - message.fromChunk);
    this.state.send(worker, message);
  }

  /** Chunk `chunk` of a lease counts: other leases may have become worthless. */
  counted(lease: Lease, chunk: number): void {
    const { ledger } = this.state;
    if (!this.overlapping || !ledger.overlapsOpen(lease)) return;
    let root = lease.node;
    for (const other of ledger.leasesOver(lease.node)) {
      if (other === lease) continue;
      root = Math.min(root, other.node);
      if (!canDeliver(ledger, other.node)) this.takeBack(other);
    }
    this.adopt(chunk, chunk + 1, [root]);
  }

  /** Asks idle workers for what is late. To be called often. */
  tick(): void {
    const { state } = this;
    const { ledger, now } = state;
    const idle = this.availability.ready().filter(({ id }) => !ledger.holds(id));
    if (idle.length === 0) return;
    const decisions = speculate(
      now,
      { leases: waitedFor(state, this.own), idle: idle.map(asIdle) },
      { all: state.recentOfAll(), samples: (node) => ledger.samples(node), shards: ledger.shards },
    );
    for (const { node, worker, late, reason } of decisions) {
      for (const lease of late) this.blame(lease.worker);
      this.leaseAll([{ node, worker }]);
      state.tell({ type: 'speculated', step: ledger.step, text: `step ${ledger.step + 1}: ${reason}` });
    }
  }

  /** The step is over: takes back what is still leased. */
  end(): void {
    for (const lease of this.state.ledger.openLeases()) this.takeBack(lease);
  }

  /** Gives another worker what this one lets the step wait for: once a step, whatever it holds. */
  private blame(id: WorkerId): void {
    if (this.late.has(id)) return;
    this.late.add(id);
    this.state.workers.get(id)?.overdue();
  }

  private takeBack({ worker: id, node, since }: Lease): void {
    const { ledger, inFlight, workers, now } = this.state;
    ledger.end(id, node);
    const isComputed = inFlight.forget(id, node);
    const worker = workers.get(id);
    if (!this.state.isHere(worker)) return;
    const { step } = ledger;
    this.state.send(worker, { type: 'cancel', step, node });
    if (!isComputed) worker.cancel({ kind: 'node', step, index: node, samples: ledger.samples(node), since });
    worker.refresh(ledger.holds(id), now);
  }

  /** Copies of the smallest node for workers that the plan passed over: to learn how fast they are now. */
  private probe(): void {
    const { ledger } = this.state;
    const due = this.availability.ready().filter((worker) => worker.planned(ledger.holds(worker.id)));
    if (due.length === 0) return;
    const smallest = tiesByKey(
      [...ledger.openLeases()],
      ({ node }) => ledger.samples(node),
      ({ node }) => node,
    );
    if (smallest.length === 0) return;
    for (const [i, worker] of due.entries()) {
      worker.tried();
      this.leaseAll([{ node: smallest[i % smallest.length]!, worker: worker.id }]);
    }
  }

  /**
   * In the order in which the workers have joined. What is known of each, and of its connection, lies in memory in about
   * that order: of 10,000 whose leases are made and sent from the fastest to the slowest, most of the time is spent on
   * waiting for memory.
   */
  private leaseAll(assignments: readonly Assignment[]): void {
    const { ledger, workers, now } = this.state;
    const places = tiesByKey(
      assignments,
      ({ worker }) => worker,
      (_, at) => at,
    );
    for (const place of places) {
      const { node, worker: id } = assignments[place]!;
      const worker = workers.get(id)!;
      this.issue(worker, ledger.lease(node, id, now, worker.isVolunteer));
    }
  }

  private planOptions() {
    const { ledger, layout } = this.state;
    const uploadSeconds = layout.moving * SECONDS_PER_PARAMETER;
    return { shards: ledger.shards, bounds: ledger.bounds, uploadSeconds };
  }
}

/** Those that are not under another one. */
const topmost = (nodes: readonly Node[]): Node[] =>
  nodes.filter((node) => !nodes.some((other) => other !== node && isWithin(node, other)));
