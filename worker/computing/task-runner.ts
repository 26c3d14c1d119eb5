/**
 * Computes leases and parts of evaluations, as many at a time as the engine has lanes, all with the same version of the
 * weights. It waits for nothing but events, and lets go at once of what a newer version makes pointless.
 */
import type { Batch } from '../../engine/engine.js';
import type { Clock } from '../../shared/clock.js';
import { mix } from '../../shared/numerics/random.js';
import type { WhichWeights } from '../../shared/protocol/in-process.js';
import type { Cancel, Evaluate, Lease } from '../../shared/protocol/messages.js';
import { BatchMemory } from '../data/batch-memory.js';
import { checkLease, checkPart, checkWaiting } from '../data/check-work.js';
import type { RunMaterial } from '../data/material.js';
import type { Outbox } from '../sending/outbox.js';
import type { Uploads } from '../sending/uploads.js';
import type { WeightVersions } from '../weights/weight-versions.js';
import type { GradientBuffers } from './gradient-buffers.js';
import { type EvaluationTask, isMeant, type LeaseTask, type Task, Tasks, versionOf } from './tasks.js';

export interface TaskRunnerOptions {
  material: RunMaterial;
  weights: WeightVersions;
  gradients: GradientBuffers;
  uploads: Uploads;
  outbox: Outbox;
  clock: Clock;
  /** Of the run. */
  seed: number;
  /** The engine or the data failed: the connection is to be closed with this reason. */
  fail(error: unknown): void;
}

export class TaskRunner {
  private readonly tasks: Tasks;
  private readonly memory: BatchMemory;
  /** What is being computed. Once it is canceled, no further shard of it is begun, and its gradient is not sent. */
  private readonly computing = new Set<{ task: Task; stop: AbortController }>();
  private idleSince: number;
  /** Which weights the engine has, or will have: `current:7`. */
  private loading = { name: '', done: Promise.resolve() };
  private closed = false;
  /** Samples of the contributions computed here so far. */
  samples = 0;

  constructor(private readonly options: TaskRunnerOptions) {
    const { material, outbox, clock } = options;
    this.tasks = new Tasks((message) => outbox.send(message));
    this.memory = new BatchMemory((elements) => material.compute.allocate(elements));
    this.idleSince = clock.now();
  }

  /** @throws MessageError for a lease that no coordinator may give */
  lease(lease: Lease): void {
    const { material, outbox } = this.options;
    checkLease(lease, material.limits);
    const waiting = this.tasks.turnTo(lease.step);
    if (!waiting) return outbox.send({ type: 'dropped', step: lease.step, node: lease.node });
    checkWaiting(lease, waiting, material.limits);
    this.tasks.add({ kind: 'lease', lease, shards: this.assemble(lease) });
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
    this.tasks.add({ kind: 'evaluate', part, batch: settledLater(test.range(part.from, part.to)) });
    this.pump();
  }

  cancel(message: Cancel): void {
    this.tasks.drop((task) => isMeant(task, message));
    for (const { task, stop } of this.computing) if (isMeant(task, message)) stop.abort();
  }

  /** Weights have become whole that tasks may have waited for. */
  weightsCame(which: WhichWeights): void {
    this.pump();
    // The lease will follow: what it needs is there sooner. A failure counts where it is waited for.
    if (which === 'current' && this.computing.size === 0) void settledLater(this.load('current'));
  }

  /** The connection is gone. The engine is the next session's: it ends after the shard in hand. */
  close(): void {
    this.closed = true;
    this.tasks.clear();
    for (const { stop } of this.computing) stop.abort();
  }

  /** Starts the next tasks that can be computed, as many as the engine computes at a time. */
  private pump(): void {
    if (this.closed) return;
    const { material, weights, clock, fail } = this.options;
    const { lanes = 1 } = material.compute;
    const { version } = weights.of('current');
    this.tasks.drop((task) => versionOf(task) < version);
    while (this.computing.size < lanes) {
      const task = this.tasks.take((candidate) => this.canStart(candidate));
      if (!task) return;
      const begun = { task, stop: new AbortController() };
      this.computing.add(begun);
      const { signal } = begun.stop;
      const done = task.kind === 'lease' ? this.computeNode(task, signal) : this.computePart(task);
      done.catch(fail).finally(() => {
        this.computing.delete(begun);
        this.idleSince = clock.now();
        this.pump();
      });
    }
  }

  private async computePart({ part, batch: coming }: EvaluationTask): Promise<void> {
    const { material, outbox, clock } = this.options;
    const batch = await coming;
    await this.load(part.weights);
    const started = clock.now();
    const { loss, metric, confusion, mistakes } = await material.compute.evaluate(batch);
    outbox.send({
      type: 'evaluated',
      version: part.version,
      part: part.part,
      samples: batch.count,
      loss,
      metric,
      ...(confusion ? { confusion: Array.from(confusion) } : {}),
      ...(mistakes ? { mistakes } : {}),
      computeMs: clock.now() - started,
    });
  }

  private async computeNode({ lease, shards: coming }: LeaseTask, stop: AbortSignal): Promise<void> {
    const { material, weights, gradients, uploads, outbox, clock, seed } = this.options;
    const batches = await coming;
    if (stop.aborted) return outbox.send({ type: 'dropped', step: lease.step, node: lease.node });
    const waitMs = this.computing.size > 1 ? 0 : clock.now() - this.idleSince;
    const started = clock.now();
    await this.load('current');
    const loadMs = clock.now() - started;
    const gradient = gradients.take(uploads.length);
    const shards = batches.map((batch, at) => ({
      batch,
      seed: mix(seed, lease.step, lease.firstShard + at),
    }));
    const sums = await material.compute.computeNode(shards, gradient, stop);
    this.memory.give(batches);
    this.samples += sums.samples;
    outbox.send({
      type: 'contribution',
      step: lease.step,
      node: lease.node,
      samples: sums.samples,
      loss: sums.loss,
      metric: sums.metric,
      computeMs: sums.computeMs === undefined ? clock.now() - started : loadMs + sums.computeMs,
      waitMs,
    });
    if (stop.aborted || lease.step < weights.of('current').version) gradients.giveBack(gradient);
    else uploads.add(lease, gradient);
  }

  private load(which: WhichWeights): Promise<void> {
    const { material, weights } = this.options;
    const inbox = weights.of(which);
    const name = `${which}:${inbox.version}`;
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
    const { version } = this.options.weights.of(which);
    const isAlone = this.computing.size === 0 || this.loading.name === `${which}:${version}`;
    return versionOf(task) === version && isAlone;
  }

  private assemble(lease: Lease): Promise<Batch[]> {
    const { order, train } = this.options.material;
    const positions = order(lease.epoch);
    const batches = lease.bounds
      .slice(1)
      .map((end, at) => train.assemble(positions.subarray(lease.bounds[at]!, end), this.memory.take));
    return settledLater(Promise.all(batches));
  }
}

/** A failure counts where the promise is awaited; until then it is no unhandled rejection. */
function settledLater<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
