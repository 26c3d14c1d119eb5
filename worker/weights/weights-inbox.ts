/**
 * Collects the chunks of the weights until a version is whole.
 *
 * Two buffers: the version that is held whole, which may still be computed with, and the next one,
 * which comes in meanwhile: by itself, or as changes of the one that is held. Of the versions that a slow connection
 * misses, nothing is kept.
 */
import type { WeightsCode } from '../../shared/numerics/codec/weights/weights-code.js';
import type { Layout } from '../../shared/numerics/layout.js';
import type { Coding, Frame, FrameHeader } from '../../shared/protocol/frame.js';
import { FrameError } from '../../shared/protocol/frame.js';

export class WeightsInbox {
  /** The newest version that is whole; -1 before the first. */
  version = -1;
  /** How many have become whole. */
  count = 0;
  private held: Float32Array | undefined;
  private incoming: Float32Array | undefined;
  private incomingVersion = -1;
  /** How the chunks of the incoming version are coded. */
  private incomingCoding: Coding | undefined;
  private nextChunk = 0;
  /** Whether what is held is not what was sent. */
  private isWrong = false;

  /** @param allocate makes a vector that the engine can read where it runs. */
  constructor(
    private readonly layout: Layout,
    private readonly allocate: (elements: number) => Float32Array,
    /** How they travel; undefined: in float32. */
    private readonly code?: WeightsCode,
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
    this.count++;
  }

  /** What is held is wrong: no version is, until all of one has come. */
  distrust(): void {
    this.isWrong = true;
    this.version = -1;
    this.incomingVersion = -1;
  }

  /** Where the body of a frame shall lie, before it is here; undefined: it is not the one that must come next, or coded. */
  place(head: FrameHeader & { bodyBytes: number }): Uint8Array | undefined {
    const { step: version, chunk, bodyBytes, coding } = head;
    if (version <= this.version || coding) return undefined;
    const { start, end } = this.layout.range(chunk);
    const isNext = chunk === (version === this.incomingVersion ? this.nextChunk : 0);
    return isNext && bodyBytes === 4 * (end - start) ? this.bytesFrom(start, bodyBytes) : undefined;
  }

  /**
   * Takes a frame. Returns true when it makes a version whole.
   * @throws FrameError if it is not the chunk that must come next, or not coded as it must be.
   */
  add({ step: version, chunk, body, coding }: Frame): boolean {
    const isChange = this.code?.isOfChanges === true && coding === this.code.coding;
    // Changes of what was wrong may still be under way.
    if (version <= this.version || (isChange && this.isWrong)) return false;
    if (version !== this.incomingVersion) {
      this.incomingVersion = version;
      this.incomingCoding = coding;
      this.nextChunk = 0;
    }
    this.checkCoding(coding);
    if (isChange && version !== this.version + 1)
      throw new FrameError(`weights: a change of version ${version - 1}, where ${this.version} is held`);
    if (chunk !== this.nextChunk || body.byteLength !== this.bytes(chunk, coding)) {
      throw new FrameError(
        `weights: chunk ${chunk} of ${body.byteLength} bytes, expected chunk ${this.nextChunk}`,
      );
    }
    this.take(chunk, body, coding);
    if (++this.nextChunk < this.layout.chunks) return false;
    [this.held, this.incoming] = [this.incoming, this.held];
    this.version = version;
    this.count++;
    this.isWrong = false;
    return true;
  }

  /** Where changes travel, whole versions do so in float32. */
  private checkCoding(coding: Coding | undefined): void {
    const { code, incomingCoding } = this;
    const isKnown = coding === code?.coding || (code?.isOfChanges === true && coding === undefined);
    if (isKnown && coding === incomingCoding) return;
    const expected = (isKnown ? incomingCoding : code?.coding) ?? 'float32';
    throw new FrameError(`weights: ${coding ?? 'float32'} where ${expected} was expected`);
  }

  private bytes(chunk: number, coding: Coding | undefined): number {
    const { start, end } = this.layout.range(chunk);
    return coding && this.code ? this.code.bytes(chunk) : 4 * (end - start);
  }

  private take(chunk: number, body: Uint8Array, coding: Coding | undefined): void {
    const { code } = this;
    const { start, end } = this.layout.range(chunk);
    const bytes = this.bytesFrom(start, 4 * (end - start));
    const into = new Float32Array(bytes.buffer, bytes.byteOffset, end - start);
    if (!coding || !code) {
      if (body.buffer !== bytes.buffer || body.byteOffset !== bytes.byteOffset) bytes.set(body);
    } else if (!code.isOfChanges) code.decode(chunk, body, into);
    else if (!code.decode(chunk, body, this.weights.subarray(start, end), into))
      throw new FrameError(`weights: chunk ${chunk} has a scale or a code that ${coding} does not have`);
  }

  private bytesFrom(start: number, bytes: number): Uint8Array {
    this.incoming ??= this.allocate(this.layout.total);
    return new Uint8Array(this.incoming.buffer, this.incoming.byteOffset + 4 * start, bytes);
  }
}
