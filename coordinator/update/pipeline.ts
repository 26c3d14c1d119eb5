/**
 * From contributions to the next version of the weights, chunk by chunk.
 *
 * Chunk c of every node's sum is added over the tree as it arrives; once the whole tree is in, the
 * optimizer updates chunk c and it can be broadcast while later chunks are still on their way. A rule
 * that needs the whole gradient first (global-norm clipping, LAMB) waits for it, and only then.
 */
import { CHUNK_ELEMENTS } from '../../shared/chunk-size.js';
import { chunkRange, type Layout, trainableIn } from '../../shared/layout.js';
import { FRAME_AVERAGED_WEIGHTS, FRAME_WEIGHTS } from '../../shared/protocol/frame.js';
import type { Node } from '../../shared/tree.js';
import type { StepLedger, Verdict } from '../work/ledger.js';
import { WINDOW_CHUNKS } from './capacity.js';
import { normScale } from './clip.js';
import type { Kernels } from './kernels/kernels.js';
import type { Part } from './optimizers/optimizer.js';
import { TreeSum } from './tree-sum.js';
import { needsWhole, type UpdateRule } from './update-rule.js';
import { VersionedWeights } from './weights.js';

/** A state vector that lasts from step to step, as the checkpoint stores it: chunk by chunk. */
export interface Section {
  name: string;
  chunks: Float32Array[];
}

/** What a running checkpoint asks of the pipeline: to be told before a chunk is overwritten. */
export interface Preserver {
  preserve(section: string, chunk: number): void;
}

export class Pipeline {
  readonly weights: VersionedWeights;
  /** The moving average, in its own frames; undefined without one. Its version follows the weights'. */
  readonly averaged: VersionedWeights | undefined;
  /** Sees the beginning of each chunk of the mean gradient, before clipping: what gradients train. */
  onGradient: ((chunk: number, gradient: Float32Array) => void) | undefined;
  private readonly slots: Section[];
  private preserver: { preserver: Preserver; version: number } | undefined;

  private ledger: StepLedger | undefined;
  private sums: TreeSum[] = [];
  private roots: (Float32Array | undefined)[] = [];
  private readonly squares: number[] = [];
  private samples = 0;
  private learningRate = 0;
  /** Chunks whose sum over the whole tree is known: always the first ones. */
  private summed = 0;

  constructor(
    private readonly layout: Layout,
    private readonly kernels: Kernels,
    private readonly rule: UpdateRule,
    initial: Float32Array,
    private readonly onProgress: () => void,
  ) {
    this.weights = new VersionedWeights(kernels, layout, initial, 0, FRAME_WEIGHTS);
    if (rule.averageDecay > 0) {
      this.averaged = new VersionedWeights(kernels, layout, initial, 0, FRAME_AVERAGED_WEIGHTS);
    }
    this.slots = rule.optimizer.slots.map(({ name, initial }) => ({
      name,
      chunks: this.weights.chunkList((chunk) => {
        const vector = kernels.allocate(trainableIn(this.layout, chunk));
        return vector.fill(initial);
      }),
    }));
  }

  /** Opens a step: contributions to it may come. */
  begin(ledger: StepLedger, samples: number, learningRate: number): void {
    this.ledger = ledger;
    this.samples = samples;
    this.learningRate = learningRate;
    this.summed = 0;
    this.sums = this.weights.chunkList(() => new TreeSum(this.kernels, (node) => ledger.samples(node)));
    this.roots = [];
  }

  /** The chunk that the step waits for: all before it are summed. */
  get front(): number {
    return this.summed;
  }

  /** Chunks below this one may be sent by workers. */
  get window(): number {
    return Math.min(this.weights.chunks, this.summed + WINDOW_CHUNKS);
  }

  /**
   * Takes chunk `chunk` of the sum over `node`, if the ledger lets it count. The body is copied.
   * @returns `notFinite` if it holds NaN or infinity: nothing was taken then.
   */
  add(node: Node, chunk: number, body: Uint8Array): Verdict | 'notFinite' {
    const vector = this.kernels.allocate(body.byteLength / 4);
    new Uint8Array(vector.buffer, vector.byteOffset, body.byteLength).set(body);
    const verdict = this.kernels.allFinite(vector) ? this.ledger!.accept(node, chunk) : 'notFinite';
    if (verdict !== 'counted') {
      this.kernels.free(vector);
      return verdict;
    }
    const root = this.sums[chunk]!.insert(node, vector);
    if (root) this.sumComplete(chunk, root);
    return verdict;
  }

  /** Takes chunk `chunk` of a mean gradient that was made elsewhere, of contributions that the ledger has counted. */
  addMean(chunk: number, mean: Float32Array): void {
    const root = this.kernels.allocate(mean.length);
    root.set(mean);
    this.roots[chunk] = root;
    this.takeMean(chunk);
  }

  /** Ends the step: the new version becomes the current one. Returns the norm of the mean gradient. */
  end(): { gradientNorm: number } {
    this.weights.advance();
    this.averaged?.advance();
    this.ledger = undefined;
    return { gradientNorm: this.norm() };
  }

  /** Whether the current weights are all finite. */
  isFinite(): boolean {
    return this.weights
      .chunkList((chunk) => this.kernels.allFinite(this.weights.reading(chunk)))
      .every(Boolean);
  }

  /** Whether contributions have changed any state since `begin`. */
  get touched(): boolean {
    return this.ledger !== undefined && this.weights.available(this.weights.version + 1) > 0;
  }

  /** What must last, by name: `weights`, the optimizer's state vectors, `average`. */
  sections(): Section[] {
    const current = (weights: VersionedWeights) => weights.chunkList((chunk) => weights.reading(chunk));
    return [
      { name: 'weights', chunks: current(this.weights) },
      ...this.slots,
      ...(this.averaged ? [{ name: 'average', chunks: current(this.averaged) }] : []),
    ];
  }

  /** Replaces all state by what `sections` stored. @throws if a section is missing or has another size. */
  restore(version: number, stored: ReadonlyMap<string, Float32Array>): void {
    const take = (name: string, elements: number) => {
      const values = stored.get(name);
      if (values?.length !== elements) {
        throw new Error(`section ${name}: ${elements} values needed, ${values?.length ?? 'none'} found`);
      }
      return values;
    };
    this.weights.load(take('weights', this.layout.total), version);
    this.averaged?.load(take('average', this.layout.total), version);
    for (const { name, chunks } of this.slots) {
      const values = take(name, this.layout.trainable);
      let at = 0;
      for (const chunk of chunks) {
        chunk.set(values.subarray(at, at + chunk.length));
        at += chunk.length;
      }
    }
  }

  /** Until `undefined` is given, `preserver` is told of each chunk before its first change since now. */
  protect(preserver: Preserver | undefined): void {
    this.preserver = preserver && { preserver, version: this.weights.version };
  }

  private sumComplete(chunk: number, root: Float32Array): void {
    this.roots[chunk] = root;
    // Where leases overlap, a later chunk can be complete first: it waits for its turn.
    for (let next = this.summed; this.roots[next]; next = this.summed) this.takeSum(next);
  }

  private takeSum(chunk: number): void {
    this.kernels.divide(this.roots[chunk]!, this.samples);
    this.takeMean(chunk);
  }

  private takeMean(chunk: number): void {
    const root = this.roots[chunk]!;
    const trainable = root.subarray(0, trainableIn(this.layout, chunk));
    this.squares[chunk] = this.kernels.sumOfSquares(trainable);
    this.onGradient?.(chunk, trainable);
    this.summed++;
    if (!needsWhole(this.rule)) this.updateChunk(chunk);
    else if (this.summed === this.weights.chunks) this.updateAll();
    this.onProgress();
  }

  private updateChunk(chunk: number): void {
    this.prepare(chunk);
    if (trainableIn(this.layout, chunk) > 0) {
      this.rule.optimizer.update(this.kernels, this.part(chunk), this.hyper());
    }
    this.finish(chunk);
  }

  private updateAll(): void {
    const { clipNorm, optimizer } = this.rule;
    if (clipNorm > 0) {
      const scale = normScale(this.norm(), clipNorm);
      // Only the gradient: changes of statistics stand behind it, and have their own scale.
      const clip = (root: Float32Array, chunk: number) =>
        this.kernels.scale(root.subarray(0, trainableIn(this.layout, chunk)), scale);
      if (scale < 1) for (const [chunk, root] of this.roots.entries()) clip(root!, chunk);
    }
    if (!optimizer.updateWhole) {
      for (let chunk = 0; chunk < this.weights.chunks; chunk++) this.updateChunk(chunk);
      return;
    }
    for (let chunk = 0; chunk < this.weights.chunks; chunk++) this.prepare(chunk);
    const tensors = this.layout.slots
      .filter((slot) => slot.trainable)
      .map(({ offset, size }) => this.partsOf(offset, offset + size));
    optimizer.updateWhole(this.kernels, tensors, this.hyper());
    for (let chunk = 0; chunk < this.weights.chunks; chunk++) this.finish(chunk);
  }

  private hyper() {
    return { learningRate: this.learningRate, t: this.weights.version + 1 };
  }

  /** Before chunk `chunk` is updated. */
  private prepare(chunk: number): void {
    this.preserve(chunk);
    if (this.rule.clipValue > 0) {
      this.kernels.clamp(
        this.roots[chunk]!.subarray(0, trainableIn(this.layout, chunk)),
        this.rule.clipValue,
      );
    }
  }

  /** After it: what gradients do not train moves by its mean change; the average follows. */
  private finish(chunk: number): void {
    const root = this.roots[chunk]!;
    const at = trainableIn(this.layout, chunk);
    const next = this.weights.writing(chunk);
    if (at < next.length) {
      const statistics = next.subarray(at);
      statistics.set(this.weights.reading(chunk).subarray(at));
      this.kernels.add(statistics, root.subarray(at));
    }
    this.kernels.free(root);
    this.roots[chunk] = undefined;
    this.weights.finishChunk(chunk);
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
    if (this.averaged) preserver.preserve('average', chunk);
  }

  private part(chunk: number): Part {
    return this.partsOf(chunkRange(this.layout.total, chunk).start, this.trainableEnd(chunk))[0]!;
  }

  /** The trainable elements `[from, to)`, cut at chunk borders. */
  private partsOf(from: number, to: number): Part[] {
    const parts: Part[] = [];
    for (let at = from; at < to; ) {
      const chunk = Math.floor(at / CHUNK_ELEMENTS);
      const { start } = chunkRange(this.layout.total, chunk);
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
    return chunkRange(this.layout.total, chunk).start + trainableIn(this.layout, chunk);
  }

  /** Added in chunk order, so that it does not depend on which chunk came last. */
  private norm(): number {
    return Math.sqrt(this.squares.reduce((sum, square) => sum + square, 0));
  }
}
