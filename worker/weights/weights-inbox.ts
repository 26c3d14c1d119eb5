/**
 * Collects the chunks of the weights until a version is whole.
 *
 * Two buffers: the version that is held whole, which may still be computed with, and the next one,
 * which comes in meanwhile. Of the versions that a slow connection misses, nothing is kept.
 */
import type { Bfloat16Code } from '../../shared/numerics/codec/weights/bfloat16-code.js';
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
    /** How they travel; undefined: in float32. */
    private readonly code?: Bfloat16Code,
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
    // What is coded is decoded from where it comes.
    if (version <= this.version || this.code) return undefined;
    const { start, end } = this.layout.range(chunk);
    const isNext = chunk === (version === this.incomingVersion ? this.nextChunk : 0);
    return isNext && bodyBytes === 4 * (end - start) ? this.bytesFrom(start, bodyBytes) : undefined;
  }

  /**
   * Takes a frame. Returns true when it makes a version whole.
   * @throws FrameError if it is not the chunk that must come next, or not coded as the run's are.
   */
  add({ step: version, chunk, body, coding }: Frame): boolean {
    if (version <= this.version) return false;
    if (version !== this.incomingVersion) {
      this.incomingVersion = version;
      this.nextChunk = 0;
    }
    if (coding !== this.code?.coding)
      throw new FrameError(
        `weights: ${coding ?? 'float32'} where ${this.code?.coding ?? 'float32'} was expected`,
      );
    if (chunk !== this.nextChunk || body.byteLength !== this.bytes(chunk)) {
      throw new FrameError(
        `weights: chunk ${chunk} of ${body.byteLength} bytes, expected chunk ${this.nextChunk}`,
      );
    }
    this.take(chunk, body);
    if (++this.nextChunk < this.layout.chunks) return false;
    [this.held, this.incoming] = [this.incoming, this.held];
    this.version = version;
    return true;
  }

  private bytes(chunk: number): number {
    const { start, end } = this.layout.range(chunk);
    return this.code?.bytes(chunk) ?? 4 * (end - start);
  }

  private take(chunk: number, body: Uint8Array): void {
    const { start, end } = this.layout.range(chunk);
    const bytes = this.bytesFrom(start, 4 * (end - start));
    if (this.code)
      this.code.decode(chunk, body, new Float32Array(bytes.buffer, bytes.byteOffset, end - start));
    else if (body.buffer !== bytes.buffer || body.byteOffset !== bytes.byteOffset) bytes.set(body);
  }

  private bytesFrom(start: number, bytes: number): Uint8Array {
    this.incoming ??= this.allocate(this.layout.total);
    return new Uint8Array(this.incoming.buffer, this.incoming.byteOffset + 4 * start, bytes);
  }
}
