/**
 * What workers hold under `--weights bf16`: the weights, rounded. A chunk is rounded as soon as it is made, and its frame
 * encoded when the first worker is sent it: workers of this process read the vector where it lies.
 */
import type { Bfloat16Code } from '../../../shared/numerics/codec/weights/bfloat16-code.js';
import type { Layout } from '../../../shared/numerics/layout.js';
import type { Kernels } from '../../../shared/numerics/update/kernels/kernels.js';
import { FRAME_WEIGHTS, newHeader } from '../../../shared/protocol/frame.js';
import type { CodedWeights, WeightsFrame } from './held-weights.js';
import { VersionedWeights } from './versioned-weights.js';

export class RoundedWeights implements CodedWeights {
  readonly hasMemory = false;
  private readonly rounded: VersionedWeights;
  /** By version: of the current one, and the one that is being made. */
  private readonly frames = new Map<number, WeightsFrame[]>();

  constructor(
    kernels: Kernels,
    readonly layout: Layout,
    initial: Float32Array,
    private readonly code: Bfloat16Code,
  ) {
    this.rounded = new VersionedWeights(kernels, layout, this.roundedOf(initial), 0, FRAME_WEIGHTS);
  }

  get version(): number {
    return this.rounded.version;
  }

  get chunks(): number {
    return this.rounded.chunks;
  }

  load(weights: Float32Array, version: number): void {
    this.rounded.load(this.roundedOf(weights), version);
    this.frames.clear();
  }

  finishChunk(chunk: number, weights: Float32Array): void {
    this.code.round(chunk, weights, this.rounded.writing(chunk));
    this.rounded.finishChunk(chunk);
  }

  advance(): void {
    this.frames.delete(this.version);
    this.rounded.advance();
  }

  available(version: number): number {
    return this.rounded.available(version);
  }

  frame(version: number, chunk: number): WeightsFrame {
    const frames = this.frames.get(version) ?? [];
    this.frames.set(version, frames);
    frames[chunk] ??= this.encoded(version, chunk);
    return frames[chunk];
  }

  whole(version: number): Float32Array {
    return this.rounded.whole(version);
  }

  flat(): Float32Array {
    return this.rounded.flat();
  }

  reading(chunk: number): Float32Array {
    return this.rounded.reading(chunk);
  }

  sha256Of(version: number): string | undefined {
    return this.rounded.sha256Of(version);
  }

  private encoded(version: number, chunk: number): WeightsFrame {
    const values = version === this.version ? this.rounded.reading(chunk) : this.rounded.writing(chunk);
    const body = this.code.encode(chunk, values);
    const { coding } = this.code;
    const header = newHeader({ type: FRAME_WEIGHTS, node: 0, chunk, step: version, coding }, body.length);
    return { header, body };
  }

  private roundedOf(weights: Float32Array): Float32Array {
    const rounded = weights.slice();
    this.layout.mapChunks((chunk) => {
      const { start, end } = this.layout.range(chunk);
      this.code.round(chunk, weights.subarray(start, end), rounded.subarray(start, end));
    });
    return rounded;
  }
}
