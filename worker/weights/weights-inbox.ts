/**
 * Collects the chunks of the weights until a version is whole.
 *
 * Two buffers: the version that is held whole, which may still be computed with, and the next one,
 * which comes in meanwhile. Of the versions that a slow connection misses, nothing is kept.
 */
import type { Layout } from '../../shared/numerics/layout.js';
import type { Frame, FrameHeader } from '../../shared/protocol/frame.js';
import { FrameError } from '../../shared/protocol/frame.js';

export class WeightsInbox {
  /** The newest version that is whole; -1 before the first. */
  version = -1;
  private held: Float32Array | undefined;
  private incoming: Float32Array | undefined;
  private incomingVersion = -1;
  private nextChunk = 0;

  /** @param allocate makes a vector that the engine can read where it runs. */
  constructor(
    private readonly layout: Layout,
    private readonly allocate: (elements: number) => Float32Array,
  ) {}

  /** The values of `version`. */
  get weights(): Float32Array {
    if (!this.held) throw new Error('no version of the weights is whole');
    return this.held;
  }

  /** All of a version lies elsewhere. */
  hold(version: number, values: Float32Array): void {
    this.held = values;
    this.version = version;
  }

  /** Where the body of a frame shall lie, before it is here; undefined: it is not the one that must come next. */
  place({ step: version, chunk, bodyBytes }: FrameHeader & { bodyBytes: number }): Uint8Array | undefined {
    if (version <= this.version) return undefined;
    const { start, end } = this.layout.range(chunk);
    const isNext = chunk === (version === this.incomingVersion ? this.nextChunk : 0);
    return isNext && bodyBytes === 4 * (end - start) ? this.bytesFrom(start, bodyBytes) : undefined;
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
    const { start, end } = this.layout.range(chunk);
    if (chunk !== this.nextChunk || body.byteLength !== 4 * (end - start)) {
      throw new FrameError(
        `weights: chunk ${chunk} of ${body.byteLength} bytes, expected chunk ${this.nextChunk}`,
      );
    }
    const bytes = this.bytesFrom(start, body.byteLength);
    if (body.buffer !== bytes.buffer || body.byteOffset !== bytes.byteOffset) bytes.set(body);
    if (++this.nextChunk < this.layout.chunks) return false;
    [this.held, this.incoming] = [this.incoming, this.held];
    this.version = version;
    return true;
  }

  private bytesFrom(start: number, bytes: number): Uint8Array {
    this.incoming ??= this.allocate(this.layout.total);
    return new Uint8Array(this.incoming.buffer, this.incoming.byteOffset + 4 * start, bytes);
  }
}
