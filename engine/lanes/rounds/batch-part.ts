/** Some of a batch's records, in the memory of the batch. */
import type { RecordArray } from '../../../shared/data/manifest.js';
import type { Batch } from '../../engine.js';

/** The records `[from, to)`. */
export function partOf({ count, x, y, weight, length }: Batch, from: number, to: number): Batch {
  const cut = <T extends RecordArray>(values: T): T => {
    const each = values.length / count;
    return values.subarray(from * each, to * each) as T;
  };
  return {
    ...{ count: to - from, x: cut(x), y: cut(y) },
    ...(weight ? { weight: cut(weight) } : {}),
    ...(length === undefined ? {} : { length }),
  };
}
