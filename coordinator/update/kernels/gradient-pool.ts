/** Vectors in the kernels' memory for the gradients of a worker in this process: what it writes is added where it lies. */
import type { Layout } from '../../../shared/numerics/layout.js';
import type { Kernels } from '../../../shared/numerics/update/kernels/kernels.js';
import { MOST_FLOATS } from '../../../shared/numerics/update/kernels/wasm.js';

/** A worker has one for each lease that it computes, and mostly computes one. More are no gain, and copied. */
const MOST_GRADIENTS = 4;

/** How many there will be beside the `capacityFloats` that are needed in any case. */
export function gradientsThatFit(capacityFloats: number, { total }: Pick<Layout, 'total'>): number {
  const fit = Math.floor((MOST_FLOATS - capacityFloats) / Math.max(1, total));
  return Math.max(0, Math.min(MOST_GRADIENTS, fit));
}

export class GradientPool {
  private readonly free: Float32Array[] = [];
  private readonly all = new Set<number>();

  /** @param most vectors at a time */
  constructor(
    private readonly kernels: Pick<Kernels, 'allocate' | 'memory'>,
    private readonly most: number,
  ) {}

  /** @param elements always the same number. @returns undefined where there is no room, or no thread would see it */
  allocate(elements: number): Float32Array | undefined {
    const free = this.free.pop();
    if (free || !this.kernels.memory || this.all.size >= this.most) return free;
    const vector = this.kernels.allocate(elements);
    this.all.add(vector.byteOffset);
    return vector;
  }

  /** Takes a vector back, if it is one of these. */
  release(vector: Float32Array): void {
    const isOwn = vector.buffer === this.kernels.memory && this.all.has(vector.byteOffset);
    if (isOwn) this.free.push(vector);
  }
}
