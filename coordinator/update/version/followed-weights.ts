/**
 * What workers hold under `--weights delta8` and `delta4`: vectors that follow the weights by coded changes. What rounding
 * leaves out of one change is part of the next, since each is measured from what is held: so what is held is the memory
 * of the code, and a checkpoint keeps it.
 *
 * A worker must be sent every change. The last few are kept, in bodies of their own that nothing writes to again: who is
 * further behind is sent all that is held.
 */
import { createHash, type Hash } from 'node:crypto';
import type { ChangeCode } from '../../../shared/numerics/codec/weights/change-code.js';
import type { Layout } from '../../../shared/numerics/layout.js';
import type { Kernels } from '../../../shared/numerics/update/kernels/kernels.js';
import { FRAME_WEIGHTS, newHeader } from '../../../shared/protocol/frame.js';
import type { Changes, CodedWeights, WeightsFrame } from './held-weights.js';
import { VersionedWeights } from './versioned-weights.js';

/** Changes that are kept, beside the one that is being made. */
const KEPT_CHANGES = 7;

/** The change to a version: the frames made so far, and the hash of what is held after them. */
interface Change {
  frames: WeightsFrame[];
  hash: Hash;
}

export class FollowedWeights implements CodedWeights, Changes {
  readonly hasMemory = true;
  private readonly followed: VersionedWeights;
  /** By the version that they lead to. */
  private readonly kept = new Map<number, Change>();
  /** Of what was held at the versions from which these lead on. */
  private readonly hashes = new Map<number, string>();

  constructor(
    kernels: Kernels,
    readonly layout: Layout,
    initial: Float32Array,
    private readonly code: ChangeCode,
  ) {
    this.followed = new VersionedWeights(kernels, layout, initial, 0, FRAME_WEIGHTS);
    this.load(initial, 0);
  }

  get version(): number {
    return this.followed.version;
  }

  get chunks(): number {
    return this.followed.chunks;
  }

  get changes(): Changes {
    return this;
  }

  load(weights: Float32Array, version: number, held = weights): void {
    this.followed.load(held, version);
    this.kept.clear();
    this.hashes.clear();
    this.hashes.set(version, this.followed.sha256Of(version)!);
  }

  finishChunk(chunk: number, weights: Float32Array): void {
    const { followed, code } = this;
    const into = followed.writing(chunk);
    const body = code.encode(chunk, weights, followed.reading(chunk), into);
    const step = this.version + 1;
    const { coding } = code;
    const header = newHeader({ type: FRAME_WEIGHTS, node: 0, chunk, step, coding }, body.length);
    followed.finishChunk(chunk);
    const change = this.kept.get(step) ?? { frames: [], hash: createHash('sha256') };
    this.kept.set(step, change);
    change.frames.push({ header, body });
    change.hash.update(new Uint8Array(into.buffer, into.byteOffset, into.byteLength));
    if (change.frames.length === this.chunks) this.hashes.set(step, change.hash.digest('hex'));
  }

  advance(): void {
    this.followed.advance();
    this.kept.delete(this.version - KEPT_CHANGES);
    this.hashes.delete(this.version - KEPT_CHANGES - 1);
  }

  available(version: number): number {
    return this.followed.available(version);
  }

  /** Of what is held, whole. */
  frame(version: number, chunk: number): WeightsFrame {
    return this.followed.frame(version, chunk);
  }

  made(version: number): number | undefined {
    const change = this.kept.get(version);
    if (change) return change.frames.length;
    return version > this.version ? 0 : undefined;
  }

  change(version: number, chunk: number): WeightsFrame {
    return this.kept.get(version)!.frames[chunk]!;
  }

  whole(version: number): Float32Array {
    return this.followed.whole(version);
  }

  reading(chunk: number): Float32Array {
    return this.followed.reading(chunk);
  }

  flat(): Float32Array {
    return this.followed.flat();
  }

  sha256Of(version: number): string | undefined {
    return this.hashes.get(version);
  }
}
