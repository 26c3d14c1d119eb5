/**
 * Collects the chunks of the weights until a version is whole.
 *
 * Two buffers: the version that is held whole, which may still be computed with, and the next one,
 * which comes in meanwhile. Of the versions that a slow connection misses, nothing is kept.
 */
import { chunkCount, chunkRange } from '../shared/layout.js';
import type { Frame } from '../shared/protocol/frame.js';
import { FrameError } from '../shared/protocol/frame.js';

export class WeightsInbox {
  /** The newest version that is whole; -1 before the first. */
  version = -1;
  private held: Float32Array;
  private incoming: Float32Array;
  private incomingVersion = -1;
  private nextChunk = 0;

  /** @param allocate makes a vector that the engine can read where it runs. */
  constructor(
    private readonly elements: number,
    allocate: (elements: number) => Float32Array,
  ) {
    this.held = allocate(elements);
    this.incoming = allocate(elements);
  }

  /** The values of `version`. */
  get weights(): Float32Array {
    return this.held;
  }

  /**
   * Takes a frame. Returns true when it makes a version whole.
   * @throws FrameError if it is not the chunk that must come next.
   */
  add({ step: version, chunk, body }: Frame): boolean {
    if (version <= this.version) return false;
    if (version !== this.incomingVersion) {
      this.incomingVersion = version;
      this.nextChunk = 0;
    }
    const { start, end } = chunkRange(this.elements, chunk);
    if (chunk !== this.nextChunk || body.byteLength !== 4 * (end - start)) {
      throw new FrameError(
        `weights: chunk ${chunk} of ${body.byteLength} bytes, expected chunk ${this.nextChunk}`,
      );
    }
    const bytes = new Uint8Array(this.incoming.buffer, this.incoming.byteOffset + 4 * start, body.byteLength);
    bytes.set(body);
    if (++this.nextChunk < chunkCount(this.elements)) return false;
    [this.held, this.incoming] = [this.incoming, this.held];
    this.version = version;
    return true;
  }
}
