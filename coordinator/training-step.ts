/**
 * One training step in hand: leases go out, contributions come in, until every (shard, chunk) has been
 * counted once. The ledger knows what counts, the planner who computes, the judge whom to believe, the
 * pipeline what it adds up to.
 */

import type { Clock } from '../shared/clock.js';
import { chunkCount, type Layout } from '../shared/layout.js';
import type { Frame } from '../shared/protocol/frame.js';
import type * as m from '../shared/protocol/messages.js';
import type { ShardCounters } from '../shared/status.js';
import { firstShard, leafCount, type Node, ROOT } from '../shared/tree.js';
import { checkContribution, checkFrame, type Fault } from './contribution-checks.js';
import { Dispatch } from './dispatch.js';
import { Arrivals, Incoming } from './incoming.js';
import { leaseMessage } from './lease-message.js';
import type { ContributionTimes } from './monitor/timeline.js';
import { NotFinite } from './not-finite.js';
import type { Contributor, Worker } from './participants.js';
import { RobustTally } from './robust-tally.js';
import type { Swarm } from './swarm.js';
import { type StepSums, type Tally, type TallyParts, TreeTally } from './tally.js';
import { Judge } from './trust/judge.js';
import type { Trust } from './trust/trust.js';
import { WholeGradient } from './trust/whole-gradient.js';
import type { Pipeline } from './update/pipeline.js';
import type { RobustRule } from './update/robust/rule.js';
import { leaseExpired } from './work/deadlines.js';
import { type LeaseEntry, StepLedger } from './work/ledger.js';
import type { Assignment } from './work/planner.js';
import type { Work } from './work-in-hand.js';

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

/** The numbers have left the range of float32: the run cannot go on. */
export class DivergedError extends Error {}

export interface StepOptions {
  swarm: Swarm;
  pipeline: Pipeline;
  layout: Layout;
  trust: Trust;
  /** What makes one gradient of those of all workers; undefined: their sum. */
  robust?: RobustRule | undefined;
  counters: ShardCounters;
  /** Is told of each contribution that has been taken whole. */
  record?: { contribution(times: ContributionTimes): void };
  clock: Clock;
}

export class TrainingStep implements Work {
  private readonly ledger: StepLedger;
  private readonly arrivals = new Arrivals();
  private readonly judge: Judge;
  /** Of contributions whose chunks count as they come; under `--robust` there are none. */
  private readonly streamed: TreeTally;
  private readonly tally: Tally;
  private readonly dispatch: Dispatch;
  private readonly notFinite = new NotFinite();
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
    const { swarm, pipeline, layout, counters, clock, trust } = options;
    this.dispatch = new Dispatch({
      swarm,
      counters,
      clock,
      ledger: this.ledger,
      elements: layout.total,
      send: (worker, lease) => worker.peer.send(this.leaseMessage(worker, lease)),
      isBarred: (worker) => this.notFinite.isSuspect(worker),
      isComputed: (worker, node) => this.arrivals.of(worker, node) !== undefined,
      forget: (worker, node) => this.forget(worker, node),
      progressAt: (worker, node) => this.arrivals.progressAt(worker, node),
      front: () => pipeline.front,
    });
    const tally: TallyParts = {
      ledger: this.ledger,
      pipeline,
      counted: (holder, node, chunk) => this.dispatch.counted(holder, node, chunk),
      fulfilled: (holder, incoming, isCounted) => this.fulfilled(holder, incoming, isCounted),
      complete: () => this.complete(),
    };
    this.streamed = new TreeTally(tally);
    this.tally = options.robust ? new RobustTally(tally, options.robust, layout) : this.streamed;
    this.judge = new Judge({
      trust,
      swarm,
      pipeline,
      layout,
      counters,
      clock,
      ledger: this.ledger,
      dispatch: this.dispatch,
      forget: (worker, node) => this.arrivals.forget(worker, node),
      leaseMessage: (worker, lease) => this.leaseMessage(worker, lease),
      accept: (accepted) => this.tally.accept(accepted),
      foundNotFinite: (worker, node, what) => this.foundNotFinite(worker, node, what),
      diverged: (what) => this.reject(new DivergedError(what)),
      fail: (error) => this.reject(error),
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
      this.judge.end();
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
    this.arrivals.windowOpened(this.options.clock.now());
    const workers = new Set(this.ledger.openLeases().map((lease) => lease.worker));
    for (const { member, peer } of this.options.swarm.active()) {
      if (workers.has(member.id)) peer.send({ type: 'window', step: this.batch.step, window });
    }
    this.tally.pump();
  }

  arrived(_worker: Worker): void {
    this.dispatch.adopt();
    this.judge.settle();
  }

  lost(worker: Worker): void {
    this.judge.lost(worker);
    this.dispatch.withdraw(worker);
    this.judge.settle();
  }

  look(now: number): void {
    this.dispatch.look(now);
  }

  contribution(worker: Worker, message: m.Contribution): void {
    const { id } = worker.member;
    const { node } = message;
    const checked = checkContribution(message, id, this.ledger);
    if (checked === 'past') return;
    if (checked === 'duplicate') {
      this.options.counters.duplicates += leafCount(this.ledger.shards, node);
      return;
    }
    if ('reason' in checked) return this.refuse(worker, node, checked);
    const { lease } = checked;
    const isWhole = this.judge.isTakenWhole(worker, node);
    if (!isWhole && !(Number.isFinite(message.loss) && Number.isFinite(message.metric))) {
      this.foundNotFinite(worker, node, `loss ${message.loss}`);
      return;
    }
    if (!isWhole) this.streamed.setSums(node, message);
    const now = this.options.clock.now();
    const begunAt = this.arrivals.begunAt(id, lease.since);
    const chunks = isWhole
      ? { from: 0, window: this.ledger.chunks }
      : { from: lease.fromChunk, window: this.options.pipeline.window };
    const whole = isWhole ? new WholeGradient(this.options.layout) : undefined;
    this.arrivals.add(new Incoming(worker, node, message, begunAt, now, chunks, whole));
  }

  frame(worker: Worker, frame: Frame): void {
    const { ledger, arrivals, judge } = this;
    const { pipeline, layout, clock } = this.options;
    const { id } = worker.member;
    const { node, chunk, body } = frame;
    const expected = arrivals.of(id, node);
    const window = expected?.whole ? ledger.chunks : pipeline.window;
    const checked = checkFrame(frame, expected, ledger, layout.total, window);
    if (checked === 'past' || checked === 'duplicate') return;
    if ('reason' in checked) return this.refuse(worker, node, checked);
    const { incoming } = checked;
    if (incoming.whole) {
      incoming.whole.take(body);
      incoming.took(clock.now());
      if (incoming.nextChunk === ledger.chunks) judge.whole(incoming);
      return;
    }
    const verdict = pipeline.add(node, chunk, body);
    if (verdict === 'notFinite') {
      this.foundNotFinite(worker, node, `gradient chunk ${chunk} holds NaN or infinity`);
      return;
    }
    incoming.took(clock.now());
    const counted = verdict === 'counted';
    if (counted) this.dispatch.counted(id, node, chunk);
    if (incoming.nextChunk === ledger.chunks) this.fulfilled(id, incoming, counted);
    if (ledger.isComplete()) this.complete();
  }

  evaluated(): void {
    // The result of an evaluation that is over: a worker sent it before it could know.
  }

  expired(now: number): { worker: Worker; why: string }[] {
    const workers = new Map(this.options.swarm.active().map((worker) => [worker.member.id, worker]));
    return this.ledger.openLeases().flatMap(({ node, worker: id, since }) => {
      const worker = workers.get(id);
      const times = { since, samples: this.ledger.samples(node), speed: worker?.member.speed };
      // What came whole and waits to be judged is no longer its worker's business.
      const why = this.judge.isWaiting(id, node) ? undefined : leaseExpired(now, times);
      return worker && why ? [{ worker, why }] : [];
    });
  }

  /** A lease has ended, or was taken back. @returns whether the worker had told that it has computed it */
  private forget(worker: number, node: Node): boolean {
    this.tally.forget(worker, node);
    this.judge.forget(worker, node);
    return this.arrivals.forget(worker, node);
  }

  private leaseMessage(worker: Contributor, lease: LeaseEntry): m.Lease {
    const { batch, ledger } = this;
    const isWhole = this.judge.isTakenWhole(worker, lease.node);
    const chunks = isWhole
      ? { fromChunk: 0, window: ledger.chunks }
      : { fromChunk: lease.fromChunk, window: this.options.pipeline.window };
    return leaseMessage(batch, ledger, lease.node, chunks);
  }

  /** @param holder who has the lease: where a contribution was recomputed, not whom it is credited to */
  private fulfilled(holder: number, incoming: Incoming, counted: boolean): void {
    const { worker, node, message, announcedAt } = incoming;
    const { member } = worker;
    const { swarm, clock, counters } = this.options;
    this.options.record?.contribution({
      worker: member.id,
      name: member.name,
      shard: firstShard(this.ledger.shards, node),
      shards: leafCount(this.ledger.shards, node),
      leasedAt: incoming.leasedAt ?? this.ledger.leaseOf(holder, node)!.since,
      announcedAt,
      computeMs: message.computeMs,
      countedAt: clock.now(),
    });
    if (counted)
      swarm.credit(worker, { ...message, turnaroundMs: incoming.turnaroundMs(this.ledger.chunks) });
    else counters.duplicates += leafCount(this.ledger.shards, node);
    this.ledger.end(holder, node);
    this.forget(holder, node);
    swarm.refresh(worker, this.ledger.leasesOf(member.id).length > 0);
    for (const [suspect, suspected] of this.notFinite.convictedBy(worker, node)) {
      const text = `step ${this.batch.step}, node ${suspected}: not finite, where ${member.name} computed numbers`;
      counters.rejected += leafCount(this.ledger.shards, suspected);
      swarm.refuse(suspect, 'notFinite', text);
    }
    this.judge.settle();
  }

  /** A worker's numbers are no numbers: another is asked, if there is one who may know better. */
  private foundNotFinite(worker: Contributor, node: Node, what: string): void {
    if (this.notFinite.found(worker, node, this.options.swarm.active())) this.dispatch.withdraw(worker);
    else this.reject(new DivergedError(`${what} (node ${node}, worker ${worker.member.name})`));
  }

  private refuse(worker: Worker, node: Node, { reason, text }: Fault): void {
    if (reason === 'wrongShape') {
      this.options.counters.rejected += leafCount(this.ledger.shards, node);
    }
    this.options.swarm.refuse(worker, reason, text);
  }

  private complete(): void {
    this.resolve(this.tally.sums());
  }
}
