/**
 * One training step in hand: leases go out, contributions come in, until every (shard, chunk) has been
 * counted once. The ledger knows what counts, the planner who computes, the pipeline what it adds up to.
 */

import type { Clock } from '../shared/clock.js';
import { chunkCount, chunkRange, type Layout } from '../shared/layout.js';
import type { Frame } from '../shared/protocol/frame.js';
import type * as m from '../shared/protocol/messages.js';
import type { RunEvent, ShardCounters } from '../shared/status.js';
import { firstShard, isWithin, leafCount, MAX_SHARDS, type Node, ROOT } from '../shared/tree.js';
import type { ContributionTimes } from './monitor/timeline.js';
import type { Swarm, Work, Worker } from './swarm.js';
import type { Pipeline } from './update/pipeline.js';
import { sumOverTree } from './update/tree-sum.js';
import { leaseExpired } from './work/deadlines.js';
import { StepLedger } from './work/ledger.js';
import { credit } from './work/members.js';
import { type Assignment, plan } from './work/planner.js';

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

/** What a worker told of a lease, until its last chunk has arrived. */
interface Announced {
  worker: Worker;
  node: Node;
  message: m.Contribution;
  announcedAt: number;
  nextChunk: number;
}

export class TrainingStep implements Work {
  private readonly ledger: StepLedger;
  private readonly announced: Announced[] = [];
  private readonly losses = new Map<Node, number>();
  private readonly metrics = new Map<Node, number>();
  /** Nodes that nobody holds, since nobody was there to take them. */
  private unassigned: Node[] = [];
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
      if (this.batch.assignments) this.leaseAll(this.batch.assignments);
      else this.assign([ROOT]);
      const sums = await this.outcome;
      counters.expected += this.ledger.shards;
      counters.counted += this.ledger.shards;
      return sums;
    } finally {
      swarm.end();
      stop.removeEventListener('abort', abort);
    }
  }

  /** A chunk of the next version is ready: workers may send later chunks. */
  progressed(): void {
    const { window } = this.options.pipeline;
    if (window === this.window) return;
    this.window = window;
    const workers = new Set(this.ledger.openLeases().map((lease) => lease.worker));
    for (const { member, peer } of this.options.swarm.active()) {
      if (workers.has(member.id)) peer.send({ type: 'window', step: this.batch.step, window });
    }
  }

  arrived(_worker: Worker): void {
    const nodes = this.unassigned;
    this.unassigned = [];
    this.assign(nodes);
  }

  lost(worker: Worker): void {
    this.withdraw(worker);
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
    const announcedAt = this.options.clock.now();
    this.announced.push({ worker, node, message, announcedAt, nextChunk: lease.fromChunk });
  }

  frame(worker: Worker, { step, node, chunk, body }: Frame): void {
    if (step < this.batch.step) return;
    const announced = this.announced.find((entry) => entry.worker === worker && entry.node === node);
    if (!announced) {
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
    if (chunk !== announced.nextChunk || chunk >= this.options.pipeline.window) {
      const text = `chunk ${chunk} where chunk ${announced.nextChunk} of at most ${this.window} was expected`;
      this.options.swarm.refuse(worker, 'unexpected', text);
      return;
    }
    const verdict = this.options.pipeline.add(node, chunk, body);
    if (verdict === 'notFinite') {
      this.foundNotFinite(worker, node, `gradient chunk ${chunk} holds NaN or infinity`);
      return;
    }
    announced.nextChunk = chunk + 1;
    if (announced.nextChunk === this.ledger.chunks) this.fulfilled(announced, verdict === 'counted');
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

  private assign(nodes: Node[]): void {
    const { swarm, layout } = this.options;
    const workers = swarm.active().filter((worker) => !this.notFinite.has(worker));
    if (workers.length === 0) {
      this.unassigned.push(...nodes);
      return;
    }
    for (const node of nodes) {
      const idle = workers.filter(({ member }) => this.ledger.leasesOf(member.id).length === 0);
      const candidates = (idle.length > 0 ? idle : workers).map(({ member }) => ({
        id: member.id,
        speed: member.speed,
        busy: this.secondsLeft(member.id, member.speed),
      }));
      // A gradient of a million parameters takes about 10 ms to encode, send and add.
      const uploadSeconds = layout.total * 1e-8;
      const { shards, bounds } = this.ledger;
      this.leaseAll(plan(node, candidates, { shards, bounds, uploadSeconds }));
    }
  }

  private leaseAll(assignments: readonly Assignment[]): void {
    const { swarm, clock } = this.options;
    const workers = new Map(swarm.active().map((worker) => [worker.member.id, worker]));
    for (const { node, worker: id } of assignments) {
      const worker = workers.get(id)!;
      const { fromChunk } = this.ledger.lease(node, id, clock.now());
      worker.member.state = 'computing';
      worker.peer.send(this.leaseMessage(node, fromChunk));
    }
  }

  private leaseMessage(node: Node, fromChunk: number): m.Lease {
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

  private secondsLeft(worker: number, speed: number | undefined): number {
    const samples = this.ledger
      .leasesOf(worker)
      .reduce((sum, { node }) => sum + this.ledger.samples(node), 0);
    return speed === undefined ? 0 : samples / speed;
  }

  /** Frees what the worker holds and leases it again. */
  private withdraw(worker: Worker): void {
    for (let at = this.announced.length - 1; at >= 0; at--) {
      if (this.announced[at]!.worker === worker) this.announced.splice(at, 1);
    }
    const lost = this.ledger.release(worker.member.id);
    for (const node of lost) this.options.counters.reissued += leafCount(this.ledger.shards, node);
    if (lost.length > 0) this.options.swarm.tell(this.reissued(worker, lost));
    this.assign(lost);
  }

  private reissued({ member }: Worker, nodes: readonly Node[]): RunEvent {
    const count = nodes.reduce((sum, node) => sum + leafCount(this.ledger.shards, node), 0);
    const what = count === 1 ? '1 shard' : `${count} shards`;
    const text = `step ${this.batch.step + 1}: ${what} that ${member.name} held are free for others`;
    return { type: 'reissued', worker: member.name, text };
  }

  private fulfilled(announced: Announced, counted: boolean): void {
    const { worker, node, message, announcedAt } = announced;
    const { member } = worker;
    const { since } = this.ledger.leaseOf(member.id, node)!;
    const countedAt = this.options.clock.now();
    const turnaroundMs = countedAt - since;
    this.options.record?.contribution({
      worker: member.id,
      name: member.name,
      shard: firstShard(this.ledger.shards, node),
      shards: leafCount(this.ledger.shards, node),
      leasedAt: since,
      announcedAt,
      computeMs: message.computeMs,
      countedAt,
    });
    if (counted) credit(member, { ...message, turnaroundMs });
    else this.options.counters.duplicates += leafCount(this.ledger.shards, node);
    this.ledger.end(member.id, node);
    this.announced.splice(this.announced.indexOf(announced), 1);
    if (this.ledger.leasesOf(member.id).length === 0) member.state = 'idle';
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
    this.withdraw(worker);
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
