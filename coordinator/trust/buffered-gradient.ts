/**
 * The gradient of a contribution that is buffered: kept until its last chunk is here, and looked at before any of it
 * counts.
 *
 * Memory comes with the chunks, never with the announcement. A worker holds at most one for each of its open
 * leases of a step, a node has three leases at a time, and more only by workers that have nothing else: so what waits is
 * bounded by three gradients a shard and one a worker, and in the absence of late workers it is one for each volunteer.
 */
import type { Layout } from '../../shared/numerics/layout.js';

export class BufferedGradient {
  private readonly chunks: Float32Array[] = [];
  private squares = 0;

  constructor(private readonly layout: Pick<Layout, 'trainableIn'>) {}

  static of(layout: Pick<Layout, 'trainableIn'>, chunks: readonly Uint8Array[]): BufferedGradient {
    const gradient = new BufferedGradient(layout);
    for (const chunk of chunks) gradient.take(chunk);
    return gradient;
  }

  /** The next chunk. Its bytes are copied. */
  take(body: Uint8Array): void {
    const values = new Float32Array(body.byteLength / 4);
    new Uint8Array(values.buffer).set(body);
    const trained = Math.min(this.layout.trainableIn(this.chunks.length), values.length);
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
