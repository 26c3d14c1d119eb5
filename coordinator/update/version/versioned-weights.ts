/**
 * The weights in two versions at once: the one that the step reads, and the one that it makes.
 *
 * One buffer of a chunk is written to every socket as it is. The two versions swap buffers when a step ends. A
 * socket that is two versions behind may then see bytes of a newer version; that is harmless, since what it could
 * compute from them belongs to a finished step. Headers are made anew for each version: one that changed while it
 * waits for a slow socket would tell its worker of chunks that are out of order.
 */
import { createHash } from 'node:crypto';
import type { Layout } from '../../../shared/numerics/layout.js';
import type { Kernels } from '../../../shared/numerics/update/kernels/kernels.js';
import { type FrameType, HEADER_BYTES, newHeader } from '../../../shared/protocol/frame.js';
import type { HeldWeights, WeightsFrame } from './held-weights.js';

/** A chunk of the flat vector, and the header of the frame in which it travels. */
export class FramedChunk {
  readonly body: Uint8Array;
  header = new Uint8Array(HEADER_BYTES);

  constructor(readonly values: Float32Array) {
    this.body = new Uint8Array(this.values.buffer, this.values.byteOffset, this.values.byteLength);
  }

  stamp(type: FrameType, chunk: number, version: number): void {
    this.header = newHeader({ type, node: 0, chunk, step: version }, this.body.length);
  }
}

/** A version: one vector, and its chunks, which are parts of it. */
interface Version {
  whole: Float32Array;
  chunks: FramedChunk[];
}

function newVersion(kernels: Kernels, layout: Layout): Version {
  const whole = kernels.allocate(layout.total);
  const chunks = layout.mapChunks((chunk) => {
    const { start, end } = layout.range(chunk);
    return new FramedChunk(whole.subarray(start, end));
  });
  return { whole, chunks };
}

export class VersionedWeights implements HeldWeights {
  readonly chunks: number;
  private current: Version;
  private next: Version;
  /** Chunks of version + 1 that are finished: always the first ones. */
  private finished = 0;
  private hashed: { version: number; sha256: string } | undefined;

  constructor(
    kernels: Kernels,
    readonly layout: Layout,
    initial: Float32Array,
    private currentVersion: number,
    private readonly type: FrameType,
  ) {
    this.chunks = layout.chunks;
    this.current = newVersion(kernels, layout);
    this.next = newVersion(kernels, layout);
    this.load(initial, currentVersion);
  }

  /** Replaces the current version. */
  load(values: Float32Array, version: number): void {
    this.currentVersion = version;
    this.finished = 0;
    this.hashed = undefined;
    for (const { whole } of [this.current, this.next])
      whole.set(values.subarray(this.layout.moving), this.layout.moving);
    for (const [chunk, framed] of this.current.chunks.entries()) {
      const { start, end } = this.layout.range(chunk);
      framed.values.set(values.subarray(start, end));
      framed.stamp(this.type, chunk, version);
    }
  }

  get version(): number {
    return this.currentVersion;
  }

  available(version: number): number {
    if (version === this.currentVersion) return this.chunks;
    return version === this.currentVersion + 1 ? this.finished : 0;
  }

  frame(version: number, chunk: number): WeightsFrame {
    return this.of(version).chunks[chunk]!;
  }

  whole(version: number): Float32Array {
    return this.of(version).whole;
  }

  reading(chunk: number): Float32Array {
    return this.current.chunks[chunk]!.values;
  }

  /** Chunk of the version that the step makes. */
  writing(chunk: number): Float32Array {
    return this.next.chunks[chunk]!.values;
  }

  /** What no chunk holds, since nothing changes it: empty, unless layers are frozen. */
  get frozen(): Float32Array {
    return this.current.whole.subarray(this.layout.moving);
  }

  finishChunk(chunk: number): void {
    if (chunk !== this.finished) throw new Error(`chunk ${chunk} finished before chunk ${this.finished}`);
    this.next.chunks[chunk]!.stamp(this.type, chunk, this.currentVersion + 1);
    this.finished++;
  }

  /** The new version becomes the current one. */
  advance(): void {
    if (this.finished !== this.chunks) throw new Error('a version advanced before all of its chunks');
    [this.current, this.next] = [this.next, this.current];
    this.currentVersion++;
    this.finished = 0;
  }

  /** One value for each chunk. */
  chunkList<T>(make: (chunk: number) => T): T[] {
    return this.layout.mapChunks(make);
  }

  /** Hashed when it is first asked for. */
  sha256Of(version: number): string | undefined {
    if (version !== this.currentVersion) return undefined;
    if (this.hashed?.version !== this.currentVersion) {
      const { buffer, byteOffset } = this.current.whole;
      const bytes = new Uint8Array(buffer, byteOffset, 4 * this.layout.moving);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      this.hashed = { version: this.currentVersion, sha256 };
    }
    return this.hashed.sha256;
  }

  flat(): Float32Array {
    return new Float32Array(this.current.whole);
  }

  private of(version: number): Version {
    return version === this.currentVersion ? this.current : this.next;
  }
}
