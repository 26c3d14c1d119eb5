/**
 * Makes the next version of the weights from the mean gradient, chunk by chunk or all at once: the optimizer, clipping,
 * constraints, statistics, the moving average. Who keeps a version is told before a chunk of it is overwritten.
 */
import type { Layout } from '../../../shared/numerics/layout.js';
import { normScale } from '../../../shared/numerics/update/clip.js';
import type { Kernels, MeanOf } from '../../../shared/numerics/update/kernels/kernels.js';
import type { Part } from '../../../shared/numerics/update/optimizers/optimizer.js';
import { type Constrained, constrainedIn, isNorm, project } from '../../../shared/numerics/update/project.js';
import { needsWhole, type UpdateRule } from '../rule/update-rule.js';
import type { CodedWeights } from './held-weights.js';
import type { VersionedWeights } from './versioned-weights.js';

/** A state vector that lasts from step to step, as the checkpoint stores it: chunk by chunk. */
export interface Section {
  name: string;
  chunks: Float32Array[];
}

/** What a running checkpoint asks of the pipeline: to be told before a chunk is overwritten. */
export interface Preserver {
  preserve(section: string, chunk: number): void;
}

/** The mean gradient, chunk by chunk, behind which changes of statistics stand. */
type Roots = (Float32Array | undefined)[];

export interface NextVersionParts {
  layout: Layout;
  kernels: Kernels;
  rule: UpdateRule;
  weights: VersionedWeights;
  /** What workers hold, where weights travel coded. */
  coded: CodedWeights | undefined;
  /** The moving average, where one is kept. */
  averaged: VersionedWeights | undefined;
  /** What the optimizer remembers. */
  slots: readonly Section[];
}

export class NextVersion {
  private readonly layout: Layout;
  private readonly kernels: Kernels;
  private readonly rule: UpdateRule;
  private readonly weights: VersionedWeights;
  private readonly coded: CodedWeights | undefined;
  private readonly averaged: VersionedWeights | undefined;
  private readonly slots: readonly Section[];
  private readonly constrained: readonly Constrained[];
  private preserver: { preserver: Preserver; version: number } | undefined;
  private roots: Roots = [];
  private learningRate = 0;

  constructor({ layout, kernels, rule, weights, coded, averaged, slots }: NextVersionParts) {
    this.layout = layout;
    this.kernels = kernels;
    this.rule = rule;
    this.weights = weights;
    this.coded = coded;
    this.averaged = averaged;
    this.slots = slots;
    this.constrained = constrainedIn(layout.slots);
  }

  protect(preserver: Preserver | undefined): void {
    this.preserver = preserver && { preserver, version: this.weights.version };
  }

  /** Whether a chunk's update can be made in the pass that makes its mean: nothing is done to the mean before. */
  get isOnePass(): boolean {
    return !needsWhole(this.rule, this.layout) && this.rule.clipValue === 0;
  }

  /**
   * Updates a chunk; `finishChunk` is to follow.
   * @param roots means of chunks, or what is to be made the mean of this one's trained part
   * @returns the sum of squares of that mean, if it was still to be made
   */
  updateChunk(chunk: number, roots: Roots, learningRate: number, meanOf?: MeanOf): number {
    this.begin(roots, learningRate);
    this.prepare(chunk);
    return this.update(chunk, meanOf);
  }

  /** What follows a chunk's update. Its mean is freed. */
  finishChunk(chunk: number): void {
    for (const slot of this.constrained) this.projectWithin(slot, chunk);
    this.finish(chunk);
  }

  private update(chunk: number, meanOf?: MeanOf): number {
    if (this.layout.trainableIn(chunk) === 0) return 0;
    return this.rule.optimizer.update(this.kernels, { ...this.part(chunk), meanOf }, this.hyper());
  }

  /** @param norm of the whole mean gradient */
  updateAll(roots: Roots, norm: number, learningRate: number): void {
    this.begin(roots, learningRate);
    const { clipNorm, optimizer } = this.rule;
    if (clipNorm > 0) {
      const scale = normScale(norm, clipNorm);
      // Only the gradient: changes of statistics stand behind it, and have their own scale.
      const clip = (root: Float32Array, chunk: number) =>
        this.kernels.scale(root.subarray(0, this.layout.trainableIn(chunk)), scale);
      if (scale < 1) for (const [chunk, root] of this.roots.entries()) clip(root!, chunk);
    }
    const chunks = this.weights.chunkList((chunk) => chunk);
    for (const chunk of chunks) this.prepare(chunk);
    if (optimizer.updateWhole) {
      const tensors = this.layout.slots
        .filter((slot) => slot.trainable)
        .map(({ offset, size }) => this.partsOf(offset, offset + size));
      optimizer.updateWhole(this.kernels, tensors, this.hyper());
    } else for (const chunk of chunks) this.update(chunk);
    for (const slot of this.constrained) this.projectWhole(slot);
    for (const chunk of chunks) this.finish(chunk);
  }

  /** Projects what chunk `chunk` holds of the weight: all of it, unless its elements are projected each for itself. */
  private projectWithin({ offset, size, shape, constraint }: Constrained, chunk: number): void {
    const { start, end } = this.layout.range(chunk);
    const [from, to] = [Math.max(offset, start), Math.min(offset + size, end)];
    if (from < to) project(this.weights.writing(chunk).subarray(from - start, to - start), shape, constraint);
  }

  private projectWhole(slot: Constrained): void {
    const chunks = this.layout.chunksOf(slot);
    if (chunks.length === 1 || !isNorm(slot.constraint)) {
      for (const chunk of chunks) this.projectWithin(slot, chunk);
      return;
    }
    const { offset, size, shape, constraint } = slot;
    const parts = this.partsOf(offset, offset + size).map(({ next }) => next);
    const values = new Float32Array(size);
    let at = 0;
    for (const part of parts) {
      values.set(part, at);
      at += part.length;
    }
    project(values, shape, constraint);
    at = 0;
    for (const part of parts) {
      part.set(values.subarray(at, at + part.length));
      at += part.length;
    }
  }

  private hyper() {
    return { learningRate: this.learningRate, t: this.weights.version + 1 };
  }

  /** Prepares the update of chunk `chunk`. */
  private prepare(chunk: number): void {
    this.preserve(chunk);
    if (this.rule.clipValue > 0) {
      this.kernels.clamp(this.roots[chunk]!.subarray(0, this.layout.trainableIn(chunk)), this.rule.clipValue);
    }
  }

  /**
   * Finishes the update: values that gradients do not train move by their mean change, what optimizers remember becomes
   * the mean of what they have, and the average follows.
   */
  private finish(chunk: number): void {
    const root = this.roots[chunk]!;
    const at = this.layout.trainableIn(chunk);
    const next = this.weights.writing(chunk);
    if (at < next.length) {
      const state = this.layout.stateIn(chunk);
      const statistics = next.subarray(at, state);
      statistics.set(this.weights.reading(chunk).subarray(at, state));
      this.kernels.add(statistics, root.subarray(at, state));
      next.set(root.subarray(state), state);
    }
    this.kernels.free(root);
    this.roots[chunk] = undefined;
    this.weights.finishChunk(chunk);
    this.coded?.finishChunk(chunk, next);
    if (this.averaged) {
      const average = this.averaged.writing(chunk);
      average.set(this.averaged.reading(chunk));
      this.kernels.average(average, next, this.rule.averageDecay);
      this.averaged.finishChunk(chunk);
    }
  }

  /** The buffers of a version are written again two steps later; state vectors at every step. */
  private preserve(chunk: number): void {
    if (!this.preserver) return;
    const { preserver, version } = this.preserver;
    for (const { name } of this.slots) preserver.preserve(name, chunk);
    if (this.weights.version === version) return;
    preserver.preserve('weights', chunk);
    if (this.coded?.hasMemory) preserver.preserve('held', chunk);
    if (this.averaged) preserver.preserve('average', chunk);
  }

  private part(chunk: number): Part {
    return this.partsOf(this.layout.range(chunk).start, this.trainableEnd(chunk))[0]!;
  }

  /** The trainable elements `[from, to)`, cut at chunk borders. */
  private partsOf(from: number, to: number): Part[] {
    const parts: Part[] = [];
    for (let at = from; at < to; ) {
      const chunk = this.layout.chunkAt(at);
      const { start } = this.layout.range(chunk);
      const end = Math.min(to, this.trainableEnd(chunk));
      const cut = (vector: Float32Array) => vector.subarray(at - start, end - start);
      parts.push({
        weights: cut(this.weights.reading(chunk)),
        next: cut(this.weights.writing(chunk)),
        gradient: cut(this.roots[chunk]!),
        slots: this.slots.map((slot) => cut(slot.chunks[chunk]!)),
      });
      at = end;
    }
    return parts;
  }

  private trainableEnd(chunk: number): number {
    return this.layout.range(chunk).start + this.layout.trainableIn(chunk);
  }

  private begin(roots: Roots, learningRate: number): void {
    this.roots = roots;
    this.learningRate = learningRate;
  }
}
