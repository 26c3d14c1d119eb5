/**
 * Where chunks of gradients lie before they are added: vectors in the kernels' memory. Some are lent to whoever reads
 * them from a socket, a few at a time; who gets none keeps the bytes, and they are copied. Others are borrowed from a
 * worker of this process, which has written to them itself, and gets them back once nothing more is made of them.
 */
import type { Kernels } from '../../../shared/numerics/update/kernels/kernels.js';

/** Of those that are lent at the same time, each filled by one connection, from its frame's header to its last byte: 64 MiB... */
const LENT_BYTES = 64 << 20;
/** ...but so many at least, and at most. */
const [FEWEST, MOST] = [32, 1024];

/** How many are lent at the same time. @param bytes of the longest */
export const mostLandings = (bytes: number): number =>
  Math.max(FEWEST, Math.min(MOST, Math.floor(LENT_BYTES / Math.max(1, bytes))));

interface Landed {
  vector: Float32Array;
  /** Where it is borrowed. */
  giveBack?: () => void;
}

export class Landing {
  /** By their place in memory. */
  private readonly open = new Map<number, Landed>();
  /** Those borrowed that were taken. */
  private readonly borrowed = new Map<number, () => void>();
  private lent = 0;

  /** @param most that are lent at the same time */
  constructor(
    private readonly kernels: Pick<Kernels, 'allocate' | 'free' | 'memory'>,
    private readonly most: number,
  ) {}

  /** @returns room for so many bytes; undefined where there is none */
  lend(bytes: number): Uint8Array | undefined {
    if (bytes % 4 !== 0 || this.lent === this.most) return undefined;
    this.lent++;
    const vector = this.kernels.allocate(bytes / 4);
    this.open.set(vector.byteOffset, { vector });
    return new Uint8Array(vector.buffer, vector.byteOffset, bytes);
  }

  /**
   * Borrows the vector that `bytes` are, unless it lies in other memory.
   * @param giveBack is called once it is given back, or was taken and then freed
   * @returns whether it is borrowed
   */
  borrow(bytes: Uint8Array, giveBack: () => void): boolean {
    if (bytes.buffer !== this.kernels.memory || this.open.has(bytes.byteOffset)) return false;
    const vector = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    this.open.set(bytes.byteOffset, { vector, giveBack });
    return true;
  }

  /** @returns the vector in which `bytes` lie, if they fill one that is lent or borrowed: it is the caller's now */
  take(bytes: Uint8Array): Float32Array | undefined {
    const landed = this.closed(bytes);
    if (landed?.giveBack) this.borrowed.set(bytes.byteOffset, landed.giveBack);
    return landed?.vector;
  }

  /** Gives back what was lent or borrowed, unless it was taken. */
  giveBack(bytes: Uint8Array): void {
    const landed = this.closed(bytes);
    if (landed?.giveBack) landed.giveBack();
    else if (landed) this.kernels.free(landed.vector);
  }

  /** Frees a vector of the kernels, wherever it is from. */
  free(vector: Float32Array): void {
    const giveBack = this.borrowed.get(vector.byteOffset);
    if (!giveBack) return this.kernels.free(vector);
    this.borrowed.delete(vector.byteOffset);
    giveBack();
  }

  private closed(bytes: Uint8Array): Landed | undefined {
    const landed = this.open.get(bytes.byteOffset);
    const vector = landed?.vector;
    if (vector?.buffer !== bytes.buffer || vector.byteLength !== bytes.length) return undefined;
    this.open.delete(bytes.byteOffset);
    if (!landed?.giveBack) this.lent--;
    return landed;
  }
}
