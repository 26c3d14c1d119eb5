/**
 * A contribution that is taken whole: kept until its last chunk is here, and looked at before any of it counts.
 *
 * Memory comes with the chunks, never with the announcement. A worker holds at most one for each of its open
 * leases of a step, and a node has at most three leases at a time: so what waits is bounded by three gradients
 * a shard, and in the absence of late workers it is one for each volunteer.
 */
import { chunkRange, type Layout } from '../../shared/layout.js';

export class WholeGradient {
  private readonly chunks: Float32Array[] = [];
  private squares = 0;

  constructor(private readonly layout: Pick<Layout, 'total' | 'trainable'>) {}

  /** The next chunk. Its bytes are copied. */
  take(body: Uint8Array): void {
    const { trainable, total } = this.layout;
    const values = new Float32Array(body.byteLength / 4);
    new Uint8Array(values.buffer).set(body);
    const { start } = chunkRange(total, this.chunks.length);
    const trained = Math.min(Math.max(0, trainable - start), values.length);
    let sum = 0;
    for (let i = 0; i < trained; i++) sum += values[i]! * values[i]!;
    // What gradients do not train has its own scale, but must be numbers as well.
    for (let i = trained; i < values.length; i++) if (!Number.isFinite(values[i])) sum = Number.NaN;
    this.squares += sum;
    this.chunks.push(values);
  }

  /** The chunk's bytes, as they came. */
  body(chunk: number): Uint8Array {
    return new Uint8Array(this.values(chunk).buffer);
  }

  values(chunk: number): Float32Array {
    return this.chunks[chunk]!;
  }

  /** Whether all is a number. In float64 the squares of finite float32 values cannot overflow. */
  get isFinite(): boolean {
    return Number.isFinite(this.squares);
  }

  /** Euclidean norm of what gradients train. */
  get norm(): number {
    return Math.sqrt(this.squares);
  }
}
