/** What a run keeps from step to step: its weights, what workers hold of them, their moving average, the optimizer's vectors. */
import type { WeightsCode } from '../../../shared/numerics/codec/weights/weights-code.js';
import type { Layout } from '../../../shared/numerics/layout.js';
import type { Kernels } from '../../../shared/numerics/update/kernels/kernels.js';
import { FRAME_AVERAGED_WEIGHTS, FRAME_WEIGHTS } from '../../../shared/protocol/frame.js';
import type { UpdateRule } from '../rule/update-rule.js';
import { FollowedWeights } from './followed-weights.js';
import type { CodedWeights, HeldWeights } from './held-weights.js';
import type { Section } from './next-version.js';
import { RoundedWeights } from './rounded-weights.js';
import { VersionedWeights } from './versioned-weights.js';

/** Sections by name, each in one piece: what a checkpoint gives back. */
export type StoredSections = ReadonlyMap<string, Float32Array>;

export class State {
  readonly weights: VersionedWeights;
  /** The moving average, in its own frames; undefined without one. Its version follows the weights'. */
  readonly averaged: VersionedWeights | undefined;
  readonly slots: Section[];
  /** What workers hold where weights travel coded. */
  readonly coded: CodedWeights | undefined;

  constructor(
    private readonly layout: Layout,
    private readonly kernels: Kernels,
    { averageDecay, optimizer }: UpdateRule,
    initial: Float32Array,
    /** How weights travel; undefined: in float32. */
    code?: WeightsCode,
  ) {
    this.weights = new VersionedWeights(kernels, layout, initial, 0, FRAME_WEIGHTS);
    if (code)
      this.coded = code.isOfChanges
        ? new FollowedWeights(kernels, layout, initial, code)
        : new RoundedWeights(kernels, layout, initial, code);
    if (averageDecay > 0)
      this.averaged = new VersionedWeights(kernels, layout, initial, 0, FRAME_AVERAGED_WEIGHTS);
    this.slots = optimizer.slots.map(({ name, initial }) => ({
      name,
      chunks: this.weights.chunkList((chunk) => kernels.allocate(layout.trainableIn(chunk)).fill(initial)),
    }));
  }

  /** The weights as workers hold them. */
  get held(): HeldWeights {
    return this.coded ?? this.weights;
  }

  /** The next version becomes the current one. */
  advance(): void {
    this.weights.advance();
    this.coded?.advance();
    this.averaged?.advance();
  }

  /** Whether the current weights are all finite. */
  isFinite(): boolean {
    return this.weights
      .chunkList((chunk) => this.kernels.allFinite(this.weights.reading(chunk)))
      .every(Boolean);
  }

  /** What must last, by name: `weights`, what workers hold of them, the optimizer's state vectors, `average`. */
  sections(): Section[] {
    const { coded } = this;
    const chunkList = <T>(make: (chunk: number) => T) => this.layout.mapChunks(make);
    const current = (weights: VersionedWeights) => [
      ...weights.chunkList((chunk) => weights.reading(chunk)),
      ...(weights.frozen.length > 0 ? [weights.frozen] : []),
    ];
    return [
      { name: 'weights', chunks: current(this.weights) },
      // Without the frozen ones, which stand in the section before.
      ...(coded?.hasMemory ? [{ name: 'held', chunks: chunkList((chunk) => coded.reading(chunk)) }] : []),
      ...this.slots,
      ...(this.averaged ? [{ name: 'average', chunks: current(this.averaged) }] : []),
    ];
  }

  /** Replaces all of it by what `sections` stored. @throws if a section is missing or has another size. */
  restore(version: number, stored: StoredSections): void {
    const take = (name: string, elements: number) => {
      const values = stored.get(name);
      if (values?.length !== elements) {
        throw new Error(`section ${name}: ${elements} values needed, ${values?.length ?? 'none'} found`);
      }
      return values;
    };
    const weights = take('weights', this.layout.total);
    this.weights.load(weights, version);
    this.coded?.load(weights, version, this.coded.hasMemory ? take('held', this.layout.moving) : undefined);
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

  /**
   * Holds other weights than the run's, between two steps, as a version behind the current one.
   * @param stored as of `restore`; undefined: the current ones
   * @returns what makes the current version current again
   */
  present(stored?: StoredSections): () => void {
    const shown = [
      { weights: this.weights, name: 'weights' },
      ...(this.averaged ? [{ weights: this.averaged, name: 'average' }] : []),
    ].map(({ weights, name }) => ({ weights, own: weights.flat(), other: stored?.get(name) }));
    const version = this.weights.version;
    for (const { weights, own, other } of shown) weights.load(other ?? own, version + 1);
    const held = this.coded?.flat();
    this.coded?.load(this.weights.flat(), version + 1, stored ? stored.get('held') : held);
    return () => {
      for (const { weights, own } of shown) weights.load(own, version);
      this.coded?.load(this.weights.flat(), version, held);
    };
  }
}
