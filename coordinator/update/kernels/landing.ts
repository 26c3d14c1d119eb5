/**
 * Where chunks of gradients land: vectors in the kernels' memory, lent to whoever reads them from a socket, so that
 * what has come is added where it lies. A few at a time; who gets none keeps the bytes, and they are copied.
 */
import type { Kernels } from './kernels.js';

/** Lent at the same time, at most. Each is filled by one connection, from its frame's header to its last byte. */
export const MOST_LANDINGS = 32;

export class Landing {
  /** By their place in memory. */
  private readonly lent = new Map<number, Float32Array>();

  constructor(private readonly kernels: Pick<Kernels, 'allocate' | 'free'>) {}

  /** @returns room for so many bytes; undefined where there is none */
  lend(bytes: number): Uint8Array | undefined {
    if (bytes % 4 !== 0 || this.lent.size === MOST_LANDINGS) return undefined;
    const vector = this.kernels.allocate(bytes / 4);
    this.lent.set(vector.byteOffset, vector);
    return new Uint8Array(vector.buffer, vector.byteOffset, bytes);
  }

  /** @returns the vector in which `bytes` lie, if they fill one that is lent: it is the caller's now */
  take(bytes: Uint8Array): Float32Array | undefined {
    const vector = this.lent.get(bytes.byteOffset);
    if (vector?.buffer !== bytes.buffer || vector.byteLength !== bytes.length) return undefined;
    this.lent.delete(bytes.byteOffset);
    return vector;
  }

  /** Gives back what was lent, unless it was taken. */
  giveBack(bytes: Uint8Array): void {
    const vector = this.take(bytes);
    if (vector) this.kernels.free(vector);
  }
}
