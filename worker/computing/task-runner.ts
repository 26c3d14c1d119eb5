/**
 * Computes leases and parts of evaluations, as many at a time as the engine has lanes, all with the same version of the
 * weights. It waits for nothing but events, and lets go at once of what a newer version makes pointless.
 */
import type { ComputedNode } from '../../engine/compute.js';
import { CodedComputer, type UncodedNode } from '../../engine/lanes/coded-node.js';
import type { Clock } from '../../shared/clock.js';
import type { Exchange } from '../../shared/numerics/codec/exchange.js';
import { mix } from '../../shared/numerics/random.js';
import type { Node } from '../../shared/numerics/tree.js';
import type { WhichWeights } from '../../shared/protocol/in-process.js';
import type { Cancel, Evaluate, Lease } from '../../shared/protocol/messages.js';
import { checkLease, checkPart, checkWaiting } from '../data/check-work.js';
import type { RunMaterial } from '../data/material.js';
import type { Outbox } from '../sending/outbox.js';
import type { EncodeChunk, Uploads } from '../sending/uploads.js';
import type { WeightVersions } from '../weights/weight-versions.js';
import { BatchesAhead } from './batches-ahead.js';
import { Foresight } from './foresight.js';
import type { GradientBuffers } from './gradient-buffers.js';
import { HeadStart } from './head-start.js';
import { type EvaluationTask, isMeant, type NodeTask, type Task, Tasks, versionOf } from './tasks.js';

export interface TaskRunnerOptions {
  material: RunMaterial;
  weights: WeightVersions;
  gradients: GradientBuffers;
  uploads: Uploads;
  outbox: Outbox;
  clock: Clock;
  /** Of the run. */
  seed: number;
  /** How gradients travel; undefined: in float32. */
  exchange?: Exchange | undefined;
  /** The engine or the data failed: the connection is to be closed with this reason. */
  fail(error: unknown): void;
}

/** So many leases in a row must have come as foreseen before the next is begun unseen... */
const SURE_AFTER = 4;
/** ...and be computed as fast: what is begun for nothing keeps the engine from other work for as long. */
const EARLY_AT_MOST_MS = 20;

export class TaskRunner {
  private readonly tasks: Tasks;
  private readonly batches: BatchesAhead;
  private readonly coded: CodedComputer | undefined;
  private readonly foresight: Foresight;
  private early: HeadStart | undefined;
  /** What the latest node took. */
  private nodeMs = Number.POSITIVE_INFINITY;
  /** What is being computed. Once it is canceled, no further shard of it is begun, and its gradient is not sent. */
  private readonly computing = new Set<{ task: NodeTask | EvaluationTask; stop: AbortController }>();
  private idleSince: number;
  /** Which weights the engine has, or will have: `current:7`. */
  private loading = { name: '', done: Promise.resolve() };
  private closed = false;
  /** Samples of the contributions computed here so far. */
  samples = 0;

  constructor(private readonly options: TaskRunnerOptions) {
    const { material, outbox, clock, exchange } = options;
    this.coded = exchange && new CodedComputer(material.compute, exchange);
    this.tasks = new Tasks((message) => outbox.send(message));
    this.batches = new BatchesAhead(material);
    this.foresight = new Foresight(material.limits.trainRecords);
    this.idleSince = clock.now();
  }

  /** @throws MessageError for a lease that no coordinator may give */
  lease(lease: Lease): void {
    const { material, outbox } = this.options;
    checkLease(lease, material.limits);
    const waiting = this.tasks.turnTo(lease.step);
    if (!waiting) return outbox.send({ type: 'dropped', step: lease.step, node: lease.node });
    checkWaiting(lease, waiting, material.limits);
    const isBegun = this.early?.settle(lease) ?? false;
    this.early = undefined;
    this.foresight.came(lease);
    if (!isBegun) this.tasks.add({ kind: 'lease', lease, shards: this.batches.take(lease) });
    this.pump();
  }

  /** @throws MessageError for a part that no coordinator may ask for */
  evaluate(part: Evaluate): void {
    const { material, outbox } = this.options;
    const { limits, test } = material;
    checkPart(part, limits);
    const waiting = this.tasks.turnTo(part.version);
    if (!waiting) return outbox.send({ type: 'dropped', step: part.version, part: part.part });
    checkWaiting(part, waiting, limits);
    this.letGo();
    this.tasks.add({ kind: 'evaluate', part, batch: settledLater(test.range(part.from, part.to)) });
    this.pump();
  }

  cancel(message: Cancel): void {
    this.tasks.drop((task) => isMeant(task, message));
    for (const { task, stop } of this.computing) if (isMeant(task, message)) stop.abort();
  }

  /** Weights have become whole that tasks may have waited for. */
  weightsCame(which: WhichWeights): void {
    if (which === 'current') this.letGo();
    this.pump();
    if (which !== 'current' || this.computing.size > 0) return;
    // The lease will follow: what it needs is there sooner. A failure counts where it is waited for.
    if (!this.startEarly()) void settledLater(this.load('current'));
  }

  /** The connection is gone. The engine is the next session's: it ends after the shard in hand. */
  close(): void {
    this.closed = true;
    this.tasks.clear();
    this.letGo();
    for (const { stop } of this.computing) stop.abort();
  }

  /** Starts the next tasks that can be computed, as many as the engine computes at a time. */
  private pump(): void {
    if (this.closed) return;
    const { material, weights } = this.options;
    const { lanes = 1 } = material.compute;
    const { version } = weights.of('current');
    this.tasks.drop((task) => versionOf(task) < version);
    while (this.computing.size < lanes) {
      const task = this.tasks.take((candidate) => this.canStart(candidate));
      if (!task) return;
      this.begin(task, (stop) =>
        task.kind === 'lease' ? this.computeNode(task, task.lease, stop) : this.computePart(task),
      );
    }
  }

  private begin(
    task: NodeTask | EvaluationTask,
    compute: (stop: AbortSignal) => Promise<void>,
  ): AbortController {
    const { clock, fail } = this.options;
    const stop = new AbortController();
    const begun = { task, stop };
    this.computing.add(begun);
    compute(stop.signal)
      .catch(fail)
      .finally(() => {
        this.computing.delete(begun);
        this.idleSince = clock.now();
        this.pump();
      });
    return stop;
  }

  /** Begins the lease that is foreseen for the current weights, if that is as good as sure. @returns whether it is begun */
  private startEarly(): boolean {
    const { next, right } = this.foresight;
    const { version } = this.options.weights.of('current');
    if (this.closed || next?.step !== version || right < SURE_AFTER || this.nodeMs > EARLY_AT_MOST_MS)
      return false;
    // The learning rates of a round come with its lease alone.
    if (this.options.material.limits.localSteps !== undefined) return false;
    const early = new HeadStart(next);
    const task: NodeTask = { kind: 'lease', lease: next, shards: this.batches.take(next) };
    early.stop = this.begin(task, (stop) => this.computeNode(task, early.lease, stop));
    this.early = early;
    return true;
  }

  /** Something else has come than the lease that was begun early. */
  private letGo(): void {
    this.early?.settle(undefined);
    this.early = undefined;
  }

  /** Gathers the samples that are foreseen to be needed after those of `step`. */
  private prepareNext(step: number): void {
    const { next } = this.foresight;
    if (!this.closed && next && next.step > step) this.batches.prepare(next);
  }

  private async computePart({ part, batch: coming }: EvaluationTask): Promise<void> {
    const { material, outbox, clock } = this.options;
    const batch = await coming;
    await this.load(part.weights);
    const started = clock.now();
    const { loss, metric, confusion, scores, places, mistakes } = await material.compute.evaluate(batch);
    outbox.send({
      type: 'evaluated',
      version: part.version,
      part: part.part,
      samples: batch.count,
      loss,
      metric,
      ...(confusion ? { confusion: Array.from(confusion) } : {}),
      ...(scores ? { scores } : {}),
      ...(places ? { places } : {}),
      ...(mistakes ? { mistakes } : {}),
      computeMs: clock.now() - started,
    });
  }

  /** @param coming the lease, or what becomes it; undefined: it does not come */
  private async computeNode(
    { lease: node, shards: gathered }: NodeTask,
    coming: Lease | Promise<Lease | undefined>,
    stop: AbortSignal,
  ): Promise<void> {
    const { material, weights, gradients, uploads, outbox, clock, seed } = this.options;
    const { step, firstShard } = node;
    const batches = await gathered;
    const answer = { step, node: node.node };
    if (stop.aborted) return (await coming) && outbox.send({ type: 'dropped', ...answer });
    const waitMs = this.computing.size > 1 ? 0 : clock.now() - this.idleSince;
    const started = clock.now();
    const gradient = gradients.take(uploads.length);
    // The engine does one thing after the other: it need not be told to compute only once it has the weights.
    const loaded = this.load('current');
    const { updates } = node;
    const shards = batches.map((batch, at) => ({
      ...{ batch, seed: mix(seed, step, firstShard + at) },
      ...(updates ? { updates } : {}),
    }));
    const computing: Promise<ComputedNode & Partial<UncodedNode>> = this.coded
      ? this.coded.computeNode(step, node.node, shards, gradient, stop)
      : material.compute.computeNode(shards, gradient, stop);
    // The engine is at it: what comes after it can be seen to, once that is known.
    void Promise.resolve(coming).then(() => this.prepareNext(step));
    const [sums] = await Promise.all([computing, loaded]);
    const { samples, loss, metric, computeMs = clock.now() - started, origin } = sums;
    this.nodeMs = computeMs;
    this.batches.giveBack(batches);
    const lease = await coming;
    if (!lease) return gradients.giveBack(gradient);
    this.samples += samples;
    outbox.send({ type: 'contribution', ...answer, samples, loss, metric, computeMs, waitMs });
    if (stop.aborted || step < weights.of('current').version) gradients.giveBack(gradient);
    else uploads.add(lease, gradient, this.encoding(step, node.node, origin));
  }

  /** How the chunks of a node are coded; undefined: not at all. @param origin the node as which it is */
  private encoding(step: number, node: Node, origin: Node | undefined): EncodeChunk | undefined {
    const { exchange } = this.options;
    if (!exchange?.nodes.isCoded(node) || origin === undefined) return undefined;
    const keys = exchange.nodes.keys(step, origin);
    return (chunk, values) => exchange.chunks.encode(chunk, values, keys);
  }

  private load(which: WhichWeights): Promise<void> {
    const { material, weights } = this.options;
    const inbox = weights.of(which);
    const name = `${which}:${inbox.count}`;
    if (this.loading.name !== name) {
      this.loading = { name, done: material.compute.setWeights(inbox.weights) };
      // Others may be computed with the same weights.
      this.pump();
    }
    return this.loading.done;
  }

  /** Its weights are here, and nothing is computed with others. */
  private canStart(task: Task): boolean {
    const which = task.kind === 'lease' ? 'current' : task.part.weights;
    const { version, count } = this.options.weights.of(which);
    const isAlone = this.computing.size === 0 || this.loading.name === `${which}:${count}`;
    return versionOf(task) === version && isAlone;
  }
}

/** A failure counts where the promise is awaited; until then it is no unhandled rejection. */
function settledLater<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
