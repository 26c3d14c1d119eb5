/**
 * One training step: leases go out, contributions come in, until every (shard, chunk) has been counted once.
 *
 * Events in, effects out. A step hears what workers do and how the pipeline gets on, and returns what is to be sent,
 * added, told and credited; it has no socket, no clock and no callback. What it shares with the rest of the
 * coordinator is state alone: the roster of workers and what the run believes of them. So one list of events plays the
 * same step again, and nothing can happen to it in the middle of something: run/execute.ts does what it asks for, and
 * only then hands it the next event.
 *
 * `add` is an effect that is answered, by the event `added`, before any other event. The alternative, a pipeline that
 * the step calls, would make of every chunk a chain that runs through weights, sockets and back into the step; and a
 * step that knows whose sums it adds could not be the step of a relay, which hands its own to a parent. So there is no
 * event for a chunk of the next version: only what is added makes one ready, and the answer says how far that goes.
 *
 * The ledger knows what counts, dispatch who computes, vetting/ which results to believe, the reduction their sum.
 */
import type { Exchange } from '../../../shared/numerics/codec/exchange.js';
import type { Layout } from '../../../shared/numerics/layout.js';
import { type Node, ROOT } from '../../../shared/numerics/tree.js';
import type { Frame } from '../../../shared/protocol/frame.js';
import type * as m from '../../../shared/protocol/messages.js';
import type { Worker } from '../../scheduling/worker.js';
import { BufferedGradient } from '../../trust/buffered-gradient.js';
import type { Beliefs } from '../../trust/trust.js';
import { notHeld } from '../../workers/phase/phase.js';
import type { Roster } from '../../workers/roster.js';
import { checkContribution, checkDropped, checkFrame, type Fault } from '../contribution-checks.js';
import { Dispatch } from '../dispatch.js';
import type { Decider, Effect, StepEvent, StepSums } from '../events.js';
import { Incoming } from '../in-flight.js';
import { expired } from '../late-leases.js';
import { NonFinite } from '../non-finite.js';
import { RobustAggregation } from '../reduction/robust-aggregation.js';
import { type Addition, type Reduction, TreeReduction } from '../reduction/tree-reduction.js';
import { type GlobalBatch, StepState } from '../state.js';
import { Accepted } from '../vetting/accepted.js';
import { Audits } from '../vetting/audits.js';
import { Vetting } from '../vetting/vetting.js';
import { Fulfillment } from './fulfillment.js';

export interface StepOptions {
  batch: GlobalBatch;
  layout: Layout;
  workers: Roster;
  trust: Beliefs;
  /** How gradients travel; undefined: in float32. */
  exchange?: Exchange | undefined;
  /** The root of the part of the tree to sum; default: all of it. */
  root?: Node;
}

/** What an `added` is the answer to: a frame that came, or what was accepted before. */
type Pending = { incoming: Incoming; chunk: number } | Addition;

export class Step implements Decider<StepSums> {
  private readonly state: StepState;
  private readonly dispatch: Dispatch;
  private readonly nonFinite: NonFinite;
  private readonly audits: Audits;
  private readonly vetting: Vetting;
  private readonly fulfillment: Fulfillment;
  /** Sums contributions whose chunks count as they arrive; with `--robust` there are none. */
  private readonly streamed: TreeReduction;
  private readonly reduction: Reduction;
  private readonly own: Worker | undefined;
  private readonly exchange: Exchange | undefined;
  private pending: Pending | undefined;
  private isDone = false;
  private hasEnded = false;

  constructor({ batch, layout, workers, trust, exchange, root = ROOT }: StepOptions) {
    this.exchange = exchange;
    this.state = new StepState(batch, layout, workers, root);
    this.own = trust.own;
    this.dispatch = new Dispatch(this.state, this.own);
    this.nonFinite = new NonFinite(this.state, this.dispatch);
    this.streamed = new TreeReduction(this.state);
    this.reduction = trust.isRobust ? new RobustAggregation(this.state) : this.streamed;
    const accepted = new Accepted(this.state, this.reduction);
    this.audits = new Audits(this.state, trust, this.dispatch, accepted, this.nonFinite);
    this.vetting = new Vetting(this.state, trust, accepted, this.audits, this.nonFinite);
    this.fulfillment = new Fulfillment(this.state, this.dispatch, this.nonFinite, this.vetting);
  }

  /** @throws Error if a defect of ours may have made the sum wrong */
  handle(event: StepEvent, now: number): Effect<StepSums>[] {
    this.state.now = now;
    this.hear(event);
    this.comeToRest();
    return this.state.effects.splice(0);
  }

  /** Samples under a node. */
  samples(node: Node): number {
    return this.state.ledger.samples(node);
  }

  private hear(event: StepEvent): void {
    switch (event.type) {
      case 'begin':
        this.state.front = event.front;
        this.state.window = event.window;
        return this.dispatch.begin(this.state.batch.assignments);
      case 'joined':
        return this.dispatch.joined();
      case 'lost':
        return this.lost(event.worker);
      case 'contribution':
        return this.contribution(event.worker, event.message);
      case 'frame':
        return this.frame(event.worker, event.frame);
      case 'added':
        return this.added(event);
      case 'audited':
        return this.audits.answered(event.audit, event.recomputed);
      case 'tick':
        return this.dispatch.tick();
      case 'sweep':
        for (const { worker, why } of expired(this.state)) this.state.refuse(worker, 'leaseExpired', why);
        return;
      case 'dropped':
        return this.refuseFor(event.worker, checkDropped(event.message, event.worker.id, this.state.ledger));
      case 'evaluated':
        return this.state.refuse(event.worker, 'unexpected', notHeld(event.message));
      case 'recover':
        return this.recover();
      case 'aborted':
        return void this.state.effects.push({ do: 'fail', error: event.reason });
      case 'ended':
        this.hasEnded = true;
        return this.dispatch.end();
      default:
        event satisfies never;
    }
  }

  /** What follows from what has happened, and what follows from that: one thing after the other. */
  private comeToRest(): void {
    while (!this.pending && this.goOn());
    const { ledger, front, effects } = this.state;
    if (this.pending || this.isDone || this.hasEnded || !ledger.isComplete()) return;
    if (front < ledger.chunks) throw new Error('a step broke off while its gradient was added up');
    this.isDone = true;
    for (const counter of ['expected', 'counted'] as const) this.state.count(counter, ledger.shards);
    effects.push({ do: 'done', outcome: this.reduction.sums() });
  }

  /** @returns whether anything was left to be done */
  private goOn(): boolean {
    if (this.state.leaving.length > 0) return this.sendAway();
    // Only what an opinion that came late has found.
    if (this.hasEnded) return this.audits.banNext();
    const addition = this.reduction.next();
    if (addition?.isPending) this.pending = addition;
    else if (addition?.taken) this.fulfillment.taken(addition.taken);
    return addition !== undefined || this.audits.banNext() || this.vetting.judgeNext();
  }

  /** A worker is gone, or was sent away. */
  private lost(worker: Worker): void {
    this.audits.lost(worker);
    this.dispatch.withdraw(worker);
  }

  private sendAway(): true {
    const { effect, workers } = this.state.leaving.shift()!;
    this.state.effects.push(effect);
    if (!this.hasEnded) for (const worker of workers) this.lost(worker);
    return true;
  }

  private contribution(worker: Worker, message: m.Contribution): void {
    const { ledger, inFlight, layout, window, now } = this.state;
    const { node } = message;
    const checked = checkContribution(message, worker.id, inFlight.of(worker.id, node), ledger);
    if (checked === 'past') return;
    if ('reason' in checked) return this.refuseFor(worker, checked, node);
    const { lease } = checked;
    const { isBuffered, since, fromChunk } = lease;
    const incoming = new Incoming({
      worker,
      lease,
      message: worker.announced(message, since, now),
      begunAt: inFlight.begunAt(worker.id, since),
      announcedAt: now,
      chunks: isBuffered ? { from: 0, window: ledger.chunks } : { from: fromChunk, window },
      buffered: isBuffered ? new BufferedGradient(layout) : undefined,
    });
    inFlight.add(incoming);
    if (isBuffered) return;
    if (Number.isFinite(message.loss) && Number.isFinite(message.metric))
      this.streamed.setSums(node, message);
    else this.nonFinite.found(worker, node, `loss ${message.loss}, metric ${message.metric}`);
  }

  private frame(worker: Worker, frame: Frame): void {
    const { ledger, inFlight, layout, effects, now } = this.state;
    const { node, chunk, coding } = frame;
    const expected = inFlight.of(worker.id, node);
    const window = expected?.buffered ? ledger.chunks : this.state.window;
    const checked = checkFrame(frame, worker.id, expected, ledger, layout, window, this.exchange);
    if (checked === 'past') return;
    if ('reason' in checked) return this.refuseFor(worker, checked, node);
    const { incoming } = checked;
    const body = coding ? this.decoded(frame) : frame.body;
    if (!body) return this.notCoded(worker, frame);
    if (incoming.buffered) {
      incoming.buffered.take(body);
      incoming.took(now);
      if (incoming.nextChunk === ledger.chunks) this.vetting.arrived(incoming);
      return;
    }
    this.pending = { incoming, chunk };
    effects.push({ do: 'add', node, chunk, body, counts: ledger.coverage(node, chunk) === 'counted' });
  }

  /** @returns undefined where it has a scale or code that there is not */
  private decoded({ chunk, body }: Frame): Uint8Array | undefined {
    const values = this.exchange!.chunks.decode(chunk, body);
    return values && new Uint8Array(values.buffer);
  }

  private notCoded(worker: Worker, { step, node, chunk }: Frame): void {
    this.state.countNode('rejected', node);
    const text = `step ${step}, node ${node}, chunk ${chunk}: a scale or a code that int8 does not have`;
    this.state.refuse(worker, 'malformed', text);
  }

  private added(answer: Extract<StepEvent, { type: 'added' }>): void {
    const { state, pending } = this;
    if (!pending) throw new Error('the pipeline has answered what it was not asked');
    if (!('incoming' in pending)) {
      this.pending = undefined;
      this.state.reach(answer);
      if (pending.taken) this.fulfillment.taken(pending.taken);
      return;
    }
    const { incoming, chunk } = pending;
    const { lease, node, worker } = incoming;
    const isCounted = answer.isFinite && state.unbroken(() => state.ledger.accept(node, chunk)) === 'counted';
    this.pending = undefined;
    if (!answer.isFinite)
      return this.nonFinite.found(worker, node, `gradient chunk ${chunk} holds NaN or infinity`);
    this.state.reach(answer);
    incoming.took(state.now);
    this.fulfillment.taken({ lease, credited: incoming, from: chunk, to: chunk + 1, isCounted });
  }

  private refuseFor(worker: Worker, fault: Fault | undefined, node?: Node): void {
    if (!fault) return;
    if (fault.reason === 'wrongShape' && node !== undefined) this.state.countNode('rejected', node);
    this.state.refuse(worker, fault.reason, fault.text);
  }

  /**
   * Does again what may have been left undone: what was to be leased, judged, told and counted can be. What was to be
   * added cannot.
   */
  private recover(): void {
    const { state } = this;
    if (this.pending || state.isBroken) throw new Error('a step broke off while its gradient was added up');
    this.dispatch.reclaim();
    this.dispatch.adopt();
    this.state.tellWindow();
  }
}
