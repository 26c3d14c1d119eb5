/**
 * Turns contributions into the next version of the weights, chunk by chunk.
 *
 * Chunk c of every node's sum is added over the tree as it arrives; once the whole tree is in, the
 * optimizer updates chunk c and it can be broadcast while later chunks are still on their way. A rule
 * that needs the whole gradient first (global-norm clipping, LAMB, a bound norm that spans chunks) waits for it,
 * and only then.
 */
import type { Exchange } from '../../shared/numerics/codec/exchange.js';
import type { WeightsCode } from '../../shared/numerics/codec/weights/weights-code.js';
import type { Layout } from '../../shared/numerics/layout.js';
import { type Node, ROOT } from '../../shared/numerics/tree.js';
import type { Kernels } from '../../shared/numerics/update/kernels/kernels.js';
import { WAITING_FLOATS, WINDOW_CHUNKS } from './capacity.js';
import { Landing, mostLandings } from './kernels/landing.js';
import { needsWhole, type UpdateRule } from './rule/update-rule.js';
import { type NodeCoder, type RootSum, TreeSum } from './tree-sum.js';
import type { HeldWeights } from './version/held-weights.js';
import { NextVersion, type Preserver } from './version/next-version.js';
import { State, type StoredSections } from './version/state.js';
import type { VersionedWeights } from './version/versioned-weights.js';
import { WaitingSums } from './waiting-sums.js';

/** Sees the beginning of each chunk of the mean gradient, before clipping: what gradients train. */
type GradientListener = (chunk: number, gradient: Float32Array) => void;

export class Pipeline {
  readonly state: State;
  private readonly landing: Landing;
  private readonly kernels: Kernels;
  private readonly gradientListeners = new Set<GradientListener>();
  private readonly next: NextVersion;
  private readonly waitsForWhole: boolean;
  private readonly isOnePass: boolean;

  /** Samples under each node of the step in hand; undefined between two steps. */
  private samplesOf: ((node: Node) => number) | undefined;
  private sums: TreeSum[] = [];
  private roots: (Float32Array | undefined)[] = [];
  /** What is still to be added to each of them. */
  private rights: (Float32Array | undefined)[] = [];
  private readonly squares: number[] = [];
  private samples = 0;
  private learningRate = 0;
  private ahead = WINDOW_CHUNKS;
  /** Chunks whose sum over the whole tree is known: always the first ones. */
  private summed = 0;
  /** Whether an error has broken off a change: then this is neither the version before nor the next. */
  isBroken = false;

  constructor(
    private readonly layout: Layout,
    kernels: Kernels,
    rule: UpdateRule,
    initial: Float32Array,
    /** A chunk of the next version is ready to be sent. Must not throw. */
    private readonly onChunkReady: () => void,
    /** How gradients travel; undefined: in float32. */
    private readonly exchange?: Exchange,
    /** How weights travel; undefined: in float32. */
    code?: WeightsCode,
  ) {
    this.state = new State(layout, kernels, rule, initial, code);
    this.landing = new Landing(kernels, mostLandings(4 * Math.min(layout.moving, layout.chunkElements)));
    // What was borrowed is given back where others are freed.
    this.kernels = { ...kernels, free: (vector) => this.landing.free(vector) };
    this.waitsForWhole = needsWhole(rule, layout);
    const { weights, coded, averaged, slots } = this.state;
    this.next = new NextVersion({ layout, kernels: this.kernels, rule, weights, coded, averaged, slots });
    this.isOnePass = this.next.isOnePass;
  }

  get weights(): VersionedWeights {
    return this.state.weights;
  }

  /** The weights as workers hold them. */
  get held(): HeldWeights {
    return this.state.held;
  }

  get averaged(): VersionedWeights | undefined {
    return this.state.averaged;
  }

  /** Subscribes to the mean gradient. @returns what ends that */
  onGradient(listener: GradientListener): () => void {
    this.gradientListeners.add(listener);
    return () => this.gradientListeners.delete(listener);
  }

  /**
   * Opens a step: contributions to it may come.
   * @param samplesOf samples under a node; @param ahead chunks that workers may be ahead of the slowest
   */
  begin(samplesOf: (node: Node) => number, learningRate: number, ahead = WINDOW_CHUNKS): void {
    this.ahead = ahead;
    this.samplesOf = samplesOf;
    this.samples = samplesOf(ROOT);
    this.learningRate = learningRate;
    this.summed = 0;
    const waiting = new WaitingSums(this.kernels, WAITING_FLOATS);
    this.sums = this.weights.chunkList(
      (chunk) => new TreeSum(this.kernels, samplesOf, ROOT, waiting, this.coderOf(chunk)),
    );
    this.roots = [];
    this.rights = [];
  }

  private coderOf(chunk: number): NodeCoder | undefined {
    const { exchange } = this;
    if (!exchange) return undefined;
    const step = this.weights.version;
    return {
      isCodedHere: (node, isSum) => exchange.nodes.isCodedHere(node, isSum),
      code: (node, vector) => exchange.chunks.round(chunk, vector, exchange.nodes.keys(step, node)),
    };
  }

  /** The chunk that the step waits for: all before it are summed. */
  get front(): number {
    return this.summed;
  }

  /** Chunks below this one may be sent by workers. */
  get window(): number {
    return Math.min(this.weights.chunks, this.summed + this.ahead);
  }

  /** Where a chunk of a gradient may be written that has so many bytes; undefined: there is no room. To be given back. */
  lend(bytes: number): Uint8Array | undefined {
    return this.landing.lend(bytes);
  }

  /** Whether a chunk of a gradient may come that has so many bytes: not between two steps. */
  takes(bytes: number): boolean {
    return (
      this.samplesOf !== undefined &&
      bytes % 4 === 0 &&
      bytes <= 4 * Math.min(this.layout.moving, this.layout.chunkElements)
    );
  }

  /**
   * Borrows a chunk of a gradient that its worker has written into the kernels' memory, before it is added.
   * @param giveBack is called once its memory may be used again
   * @returns whether it is: not between two steps, and not what lies in other memory
   */
  borrow(bytes: Uint8Array, giveBack: () => void): boolean {
    return this.samplesOf !== undefined && this.landing.borrow(bytes, giveBack);
  }

  giveBack(lent: Uint8Array): void {
    this.landing.giveBack(lent);
  }

  /**
   * Takes chunk `chunk` of the sum over `node`. The body is copied, unless it fills what was lent for it.
   * @param counts whether it is to be added: once for each shard, which the step sees to
   * @returns whether all of it is a number: otherwise nothing is added
   */
  add(node: Node, chunk: number, body: Uint8Array, counts = true): boolean {
    return this.unbroken(() => this.take(node, chunk, body, counts));
  }

  private take(node: Node, chunk: number, body: Uint8Array, counts: boolean): boolean {
    const vector = this.landing.take(body) ?? this.copied(body);
    const hasNumbers = this.kernels.allFinite(vector);
    const root = hasNumbers && counts ? this.sums[chunk]!.insert(node, vector) : undefined;
    if (!hasNumbers || !counts) this.kernels.free(vector);
    if (root) this.sumComplete(chunk, root);
    return hasNumbers;
  }

  private copied(body: Uint8Array): Float32Array {
    const vector = this.kernels.allocate(body.byteLength / 4);
    new Uint8Array(vector.buffer, vector.byteOffset, body.byteLength).set(body);
    return vector;
  }

  /** Takes the whole mean gradient, which is made elsewhere. */
  addMean(make: () => Float32Array): void {
    this.unbroken(() => {
      const mean = make();
      for (let chunk = 0; chunk < this.weights.chunks; chunk++) {
        const { start, end } = this.layout.range(chunk);
        const root = this.kernels.allocate(end - start);
        root.set(mean.subarray(start, end));
        this.roots[chunk] = root;
        this.takeMean(chunk, this.kernels.sumOfSquares(this.trained(chunk)));
      }
    });
  }

  /** Makes a change of what the next version will be. @throws what `change` throws: then nothing here is to be trusted. */
  private unbroken<T>(change: () => T): T {
    try {
      return change();
    } catch (error) {
      this.isBroken = true;
      throw error;
    }
  }

  /** Ends the step: the new version becomes the current one. Returns the norm of the mean gradient. */
  end(): { gradientNorm: number } {
    this.state.advance();
    this.samplesOf = undefined;
    return { gradientNorm: this.norm() };
  }

  /** Whether contributions have changed any state since `begin`. */
  get touched(): boolean {
    return this.samplesOf !== undefined && this.weights.available(this.weights.version + 1) > 0;
  }

  /** Shows workers other weights than the run's, between two steps: `State.present`. */
  present(stored?: StoredSections): () => void {
    const takeBack = this.state.present(stored);
    this.onChunkReady();
    return takeBack;
  }

  /** Tells `preserver` of each chunk before its first change from now on; `undefined` ends that. */
  protect(preserver: Preserver | undefined): void {
    this.next.protect(preserver);
  }

  private sumComplete(chunk: number, { left, right }: RootSum): void {
    this.roots[chunk] = left;
    this.rights[chunk] = right;
    // Where leases overlap, a later chunk can be complete first: it waits for its turn.
    for (let next = this.summed; this.roots[next]; next = this.summed) this.takeSum(next);
  }

  private takeSum(chunk: number): void {
    const [root, other] = [this.roots[chunk]!, this.rights[chunk]];
    const at = this.layout.trainableIn(chunk);
    const meanOf = (from: number, to: number) => ({ other: other?.subarray(from, to), by: this.samples });
    if (at < root.length) this.kernels.mean(root.subarray(at), meanOf(at, root.length));
    // One pass over a chunk that the processor's cache holds, where the rule allows for it.
    const squares = this.isOnePass
      ? this.next.updateChunk(chunk, this.roots, this.learningRate, meanOf(0, at))
      : this.kernels.mean(this.trained(chunk), meanOf(0, at));
    if (other) this.kernels.free(other);
    this.rights[chunk] = undefined;
    this.takeMean(chunk, squares, this.isOnePass);
  }

  /** The beginning of a chunk of the gradient: what stands behind it is not trained by gradients. */
  private trained(chunk: number): Float32Array {
    return this.roots[chunk]!.subarray(0, this.layout.trainableIn(chunk));
  }

  private takeMean(chunk: number, squares: number, isUpdated = false): void {
    this.squares[chunk] = squares;
    for (const listener of this.gradientListeners) listener(chunk, this.trained(chunk));
    this.summed++;
    if (!this.waitsForWhole) {
      if (!isUpdated) this.next.updateChunk(chunk, this.roots, this.learningRate);
      this.next.finishChunk(chunk);
    } else if (this.summed === this.weights.chunks)
      this.next.updateAll(this.roots, this.norm(), this.learningRate);
    this.onChunkReady();
  }

  /** Added in chunk order, so that it does not depend on which chunk came last. */
  private norm(): number {
    return Math.sqrt(this.squares.reduce((sum, square) => sum + square, 0));
  }
}
