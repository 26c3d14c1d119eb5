/**
 * The weights in two versions at once: the one that the step reads, and the one that it makes.
 *
 * Each chunk stands behind its frame header, so one buffer is written to every socket as it is. The two
 * versions swap buffers when a step ends. A socket that is two versions behind may then see bytes of a
 * newer version; that is harmless, since what it could compute from them belongs to a finished step.
 */
import { chunkCount, chunkRange, type Layout } from '../../shared/layout.js';
import { type FrameType, HEADER_BYTES, writeHeader } from '../../shared/protocol/frame.js';
import type { Kernels } from './kernels/kernels.js';

const HEADER_FLOATS = HEADER_BYTES / 4;

/** A chunk of the flat vector behind the header of the frame in which it travels. */
export class FramedChunk {
  private readonly whole: Float32Array;
  readonly values: Float32Array;
  readonly message: Uint8Array;

  constructor(kernels: Kernels, elements: number) {
    this.whole = kernels.allocate(HEADER_FLOATS + elements);
    this.values = this.whole.subarray(HEADER_FLOATS);
    this.message = new Uint8Array(this.whole.buffer, this.whole.byteOffset, this.whole.byteLength);
  }

  stamp(type: FrameType, chunk: number, version: number): void {
    writeHeader(this.message, { type, node: 0, chunk, step: version }, this.values.byteLength);
  }
}

export function framedChunks(kernels: Kernels, elements: number): FramedChunk[] {
  return Array.from({ length: chunkCount(elements) }, (_, chunk) => {
    const { start, end } = chunkRange(elements, chunk);
    return new FramedChunk(kernels, end - start);
  });
}

export class VersionedWeights {
  readonly chunks: number;
  private current: FramedChunk[];
  private next: FramedChunk[];
  /** Chunks of version + 1 that are finished: always the first ones. */
  private finished = 0;

  constructor(
    kernels: Kernels,
    readonly layout: Layout,
    initial: Float32Array,
    private currentVersion: number,
    private readonly type: FrameType,
  ) {
    this.chunks = chunkCount(layout.total);
    this.current = framedChunks(kernels, layout.total);
    this.next = framedChunks(kernels, layout.total);
    this.load(initial, currentVersion);
  }

  /** Replaces the current version. */
  load(values: Float32Array, version: number): void {
    this.currentVersion = version;
    this.finished = 0;
    for (const [chunk, framed] of this.current.entries()) {
      const { start, end } = chunkRange(this.layout.total, chunk);
      framed.values.set(values.subarray(start, end));
      framed.stamp(this.type, chunk, version);
    }
  }

  get version(): number {
    return this.currentVersion;
  }

  /** How many chunks of `version` can be sent; 0 for a version that is past or not begun. */
  available(version: number): number {
    if (version === this.currentVersion) return this.chunks;
    return version === this.currentVersion + 1 ? this.finished : 0;
  }

  /** The frame of an available chunk. */
  message(version: number, chunk: number): Uint8Array {
    return (version === this.currentVersion ? this.current : this.next)[chunk]!.message;
  }

  /** Chunk of the version that the step reads. */
  reading(chunk: number): Float32Array {
    return this.current[chunk]!.values;
  }

  /** Chunk of the version that the step makes. */
  writing(chunk: number): Float32Array {
    return this.next[chunk]!.values;
  }

  finishChunk(chunk: number): void {
    if (chunk !== this.finished) throw new Error(`chunk ${chunk} finished before chunk ${this.finished}`);
    this.next[chunk]!.stamp(this.type, chunk, this.currentVersion + 1);
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
    return Array.from({ length: this.chunks }, (_, chunk) => make(chunk));
  }

  /** The current version as one flat vector: a copy. */
  flat(): Float32Array {
    const flat = new Float32Array(this.layout.total);
    for (let chunk = 0; chunk < this.chunks; chunk++) {
      flat.set(this.reading(chunk), chunkRange(this.layout.total, chunk).start);
    }
    return flat;
  }
}
