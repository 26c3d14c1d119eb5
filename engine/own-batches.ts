/** Batches that lie in memory which threads share, copied into memory of this one, which is all that runtimes take. */
import type { RecordArray } from '../shared/data/manifest.js';
import type { Batch } from './engine.js';

export class OwnBatches {
  /** By the place of the batch among those of its call: the next call's are mostly of the same sizes. */
  private readonly kept = new Map<string, RecordArray>();

  /** @param place among the batches that are needed at the same time */
  of({ count, x, y, weight }: Batch, place: number): Batch {
    const own = { count, x: this.own(x, `x ${place}`), y: this.own(y, `y ${place}`) };
    return weight ? { ...own, weight: this.own(weight, `weight ${place}`) as Float32Array } : own;
  }

  private own(values: RecordArray, place: string): RecordArray {
    if (values.buffer instanceof ArrayBuffer) return values;
    let own = this.kept.get(place);
    if (own?.length !== values.length || own.constructor !== values.constructor) {
      own = new (values.constructor as new (length: number) => RecordArray)(values.length);
      this.kept.set(place, own);
    }
    own.set(values);
    return own;
  }
}
