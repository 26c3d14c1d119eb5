/**
 * One training step in hand: leases go out, contributions come in, until every (shard, chunk) has been
 * counted once. The ledger knows what counts, the planner who computes, the pipeline what it adds up to.
 */

import type { Clock } from '../shared/clock.js';
import { chunkCount, chunkRange, type Layout } from '../shared/layout.js';
import type { Frame } from '../shared/protocol/frame.js';
import type * as m from '../shared/protocol/messages.js';
import type { ShardCounters } from '../shared/status.js';
import { firstShard, isWithin, leafCount, MAX_SHARDS, type Node, ROOT } from '../shared/tree.js';
import { Dispatch } from './dispatch.js';
import { Incoming } from './incoming.js';
import type { ContributionTimes } from './monitor/timeline.js';
import type { Swarm, Work, Worker } from './swarm.js';
import type { Pipeline } from './update/pipeline.js';
import { sumOverTree } from './update/tree-sum.js';
import { leaseExpired } from './work/deadlines.js';
import { type LeaseEntry, StepLedger } from './work/ledger.js';
import { credit } from './work/members.js';
import type { Assignment } from './work/planner.js';

/** Which samples a step consumes: positions within the epoch's order. */
export interface GlobalBatch {
  /** The step's number, which is also the version of the weights that it reads. */
  step: number;
  epoch: number;
  /** Where each shard begins, and where the last one ends. */
  bounds: number[];
  /** Who computes what at first; undefined: the planner decides. */
  assignments?: Assignment[];
}

export interface StepSums {
  samples: number;
  loss: number;
  metric: number;
}

/** The numbers have left the range of float32: the run cannot go on. */
export class DivergedError extends Error {}

export interface StepOptions {
  swarm: Swarm;
  pipeline: Pipeline;
  layout: Layout;
  counters: ShardCounters;
  /** Is told of each contribution that has been taken whole. */
  record?: { contribution(times: ContributionTimes): void };
  clock: Clock;
}

export class TrainingStep implements Work {
  private readonly ledger: StepLedger;
  private incoming: Incoming[] = [];
  private readonly losses = new Map<Node, number>();
  private readonly metrics = new Map<Node, number>();
  private readonly dispatch: Dispatch;
  /** When each worker was last done with a lease of this step. */
  private readonly doneAt = new Map<number, number>();
  /** Workers that sent a number that is none, and for which node. */
  private readonly notFinite = new Map<Worker, Node>();
  private window: number;
  private resolve!: (sums: StepSums) => void;
  private reject!: (error: unknown) => void;
  private readonly outcome = new Promise<StepSums>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });

  constructor(
    private readonly batch: GlobalBatch,
    private readonly options: StepOptions,
  ) {
    this.ledger = new StepLedger(batch.step, batch.bounds, chunkCount(options.layout.total));
    this.window = 0;
    const { swarm, pipeline, layout, counters, clock } = options;
    this.dispatch = new Dispatch({
      swarm,
      counters,
      clock,
      ledger: this.ledger,
      elements: layout.total,
      send: (worker, lease) => worker.peer.send(this.leaseMessage(lease)),
      isBarred: (worker) => this.notFinite.has(worker),
      isComputed: (worker, node) => this.incomingOf(worker, node) !== undefined,
      forget: (worker, node) => this.forget(worker, node),
      progressAt: (worker, node) => this.progressAt(worker, node),
      front: () => pipeline.front,
    });
  }

  /** Runs the step to its end. @throws DivergedError; or the reason of `stop`. */
  async run(learningRate: number, stop: AbortSignal): Promise<StepSums> {
    const { pipeline, swarm, counters } = this.options;
    pipeline.begin(this.ledger, this.ledger.samples(ROOT), learningRate);
    this.window = pipeline.window;
    const abort = () => this.reject(stop.reason);
    stop.addEventListener('abort', abort);
    swarm.begin(this);
    try {
      this.dispatch.begin(this.batch.assignments);
      const sums = await this.outcome;
      counters.expected += this.ledger.shards;
      counters.counted += this.ledger.shards;
      return sums;
    } finally {
      this.dispatch.end();
      swarm.end();
      stop.removeEventListener('abort', abort);
    }
  }

  /** A chunk of the next version is ready: workers may send later chunks. */
  progressed(): void {
    const { window } = this.options.pipeline;
    if (window === this.window) return;
    this.window = window;
    const now = this.options.clock.now();
    for (const incoming of this.incoming) incoming.progressAt = now;
    const workers = new Set(this.ledger.openLeases().map((lease) => lease.worker));
    for (const { member, peer } of this.options.swarm.active()) {
      if (workers.has(member.id)) peer.send({ type: 'window', step: this.batch.step, window });
    }
  }

  arrived(_worker: Worker): void {
    this.dispatch.adopt();
  }

  lost(worker: Worker): void {
    this.dispatch.withdraw(worker);
  }

  look(now: number): void {
    this.dispatch.look(now);
  }

  contribution(worker: Worker, message: m.Contribution): void {
    const { step, node } = message;
    if (step !== this.batch.step || !this.isNode(node)) {
      if (step > this.batch.step || !this.isNode(node))
        this.refuseUnexpected(worker, 'contribution', step, node);
      return;
    }
    const lease = this.ledger.leaseOf(worker.member.id, node);
    if (!lease) {
      this.options.counters.duplicates += leafCount(this.ledger.shards, node);
      return;
    }
    const samples = this.ledger.samples(node);
    if (message.samples !== samples) {
      this.options.counters.rejected += leafCount(this.ledger.shards, node);
      const text = `step ${step}, node ${node}: ${message.samples} samples told, the node has ${samples}`;
      this.options.swarm.refuse(worker, 'wrongShape', text);
      return;
    }
    if (!Number.isFinite(message.loss) || !Number.isFinite(message.metric)) {
      this.foundNotFinite(worker, node, `loss ${message.loss}`);
      return;
    }
    this.losses.set(node, message.loss);
    this.metrics.set(node, message.metric);
    const now = this.options.clock.now();
    const begunAt = Math.max(lease.since, this.doneAt.get(worker.member.id) ?? 0);
    const chunks = { from: lease.fromChunk, window: this.options.pipeline.window };
    this.incoming.push(new Incoming(worker, node, message, begunAt, now, chunks));
    this.doneAt.set(worker.member.id, now);
  }

  frame(worker: Worker, { step, node, chunk, body }: Frame): void {
    if (step < this.batch.step) return;
    const incoming = this.incomingOf(worker.member.id, node);
    if (!incoming) {
      if (step > this.batch.step || !this.isNode(node)) this.refuseUnexpected(worker, 'frame', step, node);
      return;
    }
    const { total } = this.options.layout;
    const { start, end } = chunkRange(total, chunk);
    if (chunk >= this.ledger.chunks || body.byteLength !== 4 * (end - start)) {
      this.options.counters.rejected += leafCount(this.ledger.shards, node);
      const text = `step ${step}, node ${node}, chunk ${chunk}: ${body.byteLength} bytes, expected ${4 * (end - start)}`;
      this.options.swarm.refuse(worker, 'wrongShape', text);
      return;
    }
    if (chunk !== incoming.nextChunk || chunk >= this.options.pipeline.window) {
      const text = `chunk ${chunk} where chunk ${incoming.nextChunk} of at most ${this.window} was expected`;
      this.options.swarm.refuse(worker, 'unexpected', text);
      return;
    }
    const verdict = this.options.pipeline.add(node, chunk, body);
    if (verdict === 'notFinite') {
      this.foundNotFinite(worker, node, `gradient chunk ${chunk} holds NaN or infinity`);
      return;
    }
    incoming.took(this.options.clock.now());
    if (verdict === 'counted') this.dispatch.counted(worker, node, chunk);
    if (incoming.nextChunk === this.ledger.chunks) this.fulfilled(incoming, verdict === 'counted');
    if (this.ledger.isComplete()) this.complete();
  }

  evaluated(): void {
    // The result of an evaluation that is over: a worker sent it before it could know.
  }

  expired(now: number): { worker: Worker; why: string }[] {
    const workers = new Map(this.options.swarm.active().map((worker) => [worker.member.id, worker]));
    return this.ledger.openLeases().flatMap(({ node, worker: id, since }) => {
      const worker = workers.get(id);
      const times = { since, samples: this.ledger.samples(node), speed: worker?.member.speed };
      const why = leaseExpired(now, times);
      return worker && why ? [{ worker, why }] : [];
    });
  }

  private incomingOf(worker: number, node: Node): Incoming | undefined {
    return this.incoming.find((entry) => entry.worker.member.id === worker && entry.node === node);
  }

  /** When a lease last went on: another chunk came, the window opened, or the worker was done with another. */
  private progressAt(worker: number, node: Node): number | undefined {
    const incoming = this.incomingOf(worker, node);
    return incoming ? incoming.progressAt : this.doneAt.get(worker);
  }

  /** @returns whether the worker had told of this contribution: then it has computed it */
  private forget(worker: number, node: Node): boolean {
    const incoming = this.incomingOf(worker, node);
    this.incoming = this.incoming.filter((entry) => entry !== incoming);
    return incoming !== undefined;
  }

  private leaseMessage({ node, fromChunk }: LeaseEntry): m.Lease {
    const { shards, bounds } = this.ledger;
    const first = firstShard(shards, node);
    return {
      type: 'lease',
      step: this.batch.step,
      epoch: this.batch.epoch,
      node,
      firstShard: first,
      bounds: bounds.slice(first, first + leafCount(shards, node) + 1),
      fromChunk,
      window: this.options.pipeline.window,
    };
  }

  private fulfilled(incoming: Incoming, counted: boolean): void {
    const { worker, node, message, announcedAt } = incoming;
    const { member } = worker;
    this.options.record?.contribution({
      worker: member.id,
      name: member.name,
      shard: firstShard(this.ledger.shards, node),
      shards: leafCount(this.ledger.shards, node),
      leasedAt: this.ledger.leaseOf(member.id, node)!.since,
      announcedAt,
      computeMs: message.computeMs,
      countedAt: this.options.clock.now(),
    });
    if (counted) credit(member, { ...message, turnaroundMs: incoming.turnaroundMs(this.ledger.chunks) });
    else this.options.counters.duplicates += leafCount(this.ledger.shards, node);
    this.ledger.end(member.id, node);
    this.forget(member.id, node);
    this.options.swarm.refresh(worker, this.ledger.leasesOf(member.id).length > 0);
    for (const [suspect, suspected] of this.notFinite) {
      if (suspect !== worker && (isWithin(node, suspected) || isWithin(suspected, node))) {
        const text = `step ${this.batch.step}, node ${suspected}: not finite, where ${member.name} computed numbers`;
        this.options.counters.rejected += leafCount(this.ledger.shards, suspected);
        this.options.swarm.refuse(suspect, 'notFinite', text);
      }
    }
  }

  /**
   * A worker's numbers are no numbers: its fault, or the model's? Another worker is asked; if that one's
   * are none either, or there is no other, the run has diverged.
   */
  private foundNotFinite(worker: Worker, node: Node, what: string): void {
    const again = [...this.notFinite.values()].some(
      (other) => isWithin(node, other) || isWithin(other, node),
    );
    this.notFinite.set(worker, node);
    const others = this.options.swarm.active().filter((other) => !this.notFinite.has(other));
    if (again || others.length === 0) {
      this.reject(new DivergedError(`${what} (node ${node}, worker ${worker.member.name})`));
      return;
    }
    this.dispatch.withdraw(worker);
  }

  private refuseUnexpected(worker: Worker, what: string, step: number, node: Node): void {
    const text = `${what} for step ${step}, node ${node}, which was never leased`;
    this.options.swarm.refuse(worker, 'unexpected', text);
  }

  private isNode(node: Node): boolean {
    return node < Math.min(2 * this.ledger.shards, 2 * MAX_SHARDS);
  }

  private complete(): void {
    const samples = (node: Node) => this.ledger.samples(node);
    this.resolve({
      samples: samples(ROOT),
      loss: sumOverTree(ROOT, this.losses, samples),
      metric: sumOverTree(ROOT, this.metrics, samples),
    });
  }
}
