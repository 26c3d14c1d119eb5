/** Tells a worker of this process of each version that is whole: it reads the weights where they lie. */
import type { HeldWeights } from '../../update/version/held-weights.js';
import type { Feed } from './weights-feed.js';

export class WholeWeightsFeed implements Feed {
  /** The next that it is to hear of; -1 before it begins. */
  private version = -1;
  private last = -1;

  constructor(
    private readonly weights: HeldWeights,
    private readonly tell: (version: number, values: Float32Array) => void,
  ) {}

  begin(last = Number.POSITIVE_INFINITY, from = this.weights.version): void {
    this.version = from;
    this.last = last;
    this.pump();
  }

  pump(): void {
    const { weights } = this;
    if (this.version < 0) return;
    for (this.version = Math.max(this.version, weights.version); this.version <= this.last; this.version++) {
      if (weights.available(this.version) < weights.chunks) return;
      this.tell(this.version, weights.whole(this.version));
    }
  }
}
