/**
 * Sums that wait for their siblings: in the kernels' memory up to a budget, and beyond it in any other, from where they
 * come back when they are added. So many shards need no more of WebAssembly's 4 GiB than a few do.
 */
import type { Kernels } from '../../shared/numerics/update/kernels/kernels.js';

export class WaitingSums {
  private elements = 0;
  private readonly elsewhere = new Set<Float32Array>();

  /** @param most elements that may wait in the kernels' memory */
  constructor(
    private readonly kernels: Pick<Kernels, 'allocate' | 'free'>,
    private readonly most: number,
  ) {}

  /** Takes over a vector of the kernels. @returns it, or what stands for it until it is taken back */
  keep(sum: Float32Array): Float32Array {
    if (this.elements + sum.length <= this.most) {
      this.elements += sum.length;
      return sum;
    }
    const copy = sum.slice();
    this.kernels.free(sum);
    this.elsewhere.add(copy);
    return copy;
  }

  /** @returns a vector of the kernels with what was kept */
  take(kept: Float32Array): Float32Array {
    if (!this.elsewhere.delete(kept)) {
      this.elements -= kept.length;
      return kept;
    }
    const sum = this.kernels.allocate(kept.length);
    sum.set(kept);
    return sum;
  }
}
