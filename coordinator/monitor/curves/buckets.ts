/**
 * A series of any length in bounded memory: minimum, maximum and mean of each bucket of steps.
 *
 * A bucket is an aligned range of `width` steps, from step 1. While there are few steps it is one step,
 * and nothing is lost. Whenever the buckets are too many, neighbors are merged and `width` doubles.
 */

const MIN_CAPACITY = 4;

export interface BucketRow {
  /** The last step in it. */
  step: number;
  weight: number;
  min: number[];
  max: number[];
  mean: number[];
}

export class Buckets {
  /** Steps of one bucket: a power of two. */
  width = 1;
  private rows: BucketRow[] = [];

  /** @param capacity buckets kept at most; `columns`: values of each step */
  constructor(private readonly capacity: number) {
    if (capacity < MIN_CAPACITY) throw new Error(`a capacity of ${capacity} is too small`);
  }

  /** Steps must come in rising order. `weight`: how much the step counts in a mean. */
  push(step: number, weight: number, values: readonly number[]): void {
    const row = { step, weight, min: [...values], max: [...values], mean: [...values] };
    const last = this.rows.at(-1);
    if (last && bucketOf(last.step, this.width) === bucketOf(step, this.width)) merge(last, row);
    else this.rows.push(row);
    while (this.rows.length > this.capacity) {
      this.width *= 2;
      this.rows = grouped(this.rows, this.width);
    }
  }

  /** The first step that is kept; 0 for none. */
  get first(): number {
    return this.rows[0]?.step ?? 0;
  }

  get last(): number {
    return this.rows.at(-1)?.step ?? 0;
  }

  /**
   * Buckets that have steps of `[from, to]`, merged so that each is an aligned range of `every` steps.
   * @param every a power of two; what is finer than the buckets kept gives those
   */
  query(from: number, to: number, every: number): BucketRow[] {
    const width = Math.max(every, this.width);
    const firstBucket = bucketOf(Math.max(1, from), width);
    const lastBucket = bucketOf(to, width);
    const rows: BucketRow[] = [];
    for (let at = this.firstIn(firstBucket, width); at < this.rows.length; at++) {
      const row = this.rows[at]!;
      const bucket = bucketOf(row.step, width);
      if (bucket > lastBucket) break;
      const before = rows.at(-1);
      if (before && bucketOf(before.step, width) === bucket) merge(before, row);
      else rows.push(copyOf(row));
    }
    return rows;
  }

  /** Index of the first row in `bucket` or later, by bisection. */
  private firstIn(bucket: number, width: number): number {
    let [low, high] = [0, this.rows.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (bucketOf(this.rows[middle]!.step, width) < bucket) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The smallest power of two by which at most `points` buckets cover `[from, to]`. */
export function widthFor(from: number, to: number, points: number): number {
  let every = 1;
  while (bucketOf(to, every) - bucketOf(Math.max(1, from), every) + 1 > points) every *= 2;
  return every;
}

const bucketOf = (step: number, width: number): number => Math.floor((step - 1) / width);

function grouped(rows: readonly BucketRow[], width: number): BucketRow[] {
  const merged: BucketRow[] = [];
  for (const row of rows) {
    const before = merged.at(-1);
    if (before && bucketOf(before.step, width) === bucketOf(row.step, width)) merge(before, row);
    else merged.push(row);
  }
  return merged;
}

const copyOf = ({ step, weight, min, max, mean }: BucketRow): BucketRow => ({
  step,
  weight,
  min: [...min],
  max: [...max],
  mean: [...mean],
});

/** Adds `row` to `into`. A mean moves by its share, so that one step's mean is that step's value exactly. */
function merge(into: BucketRow, row: BucketRow): void {
  const weight = into.weight + row.weight;
  for (let i = 0; i < row.mean.length; i++) {
    into.min[i] = Math.min(into.min[i]!, row.min[i]!);
    into.max[i] = Math.max(into.max[i]!, row.max[i]!);
    into.mean[i] = into.mean[i]! + (row.mean[i]! - into.mean[i]!) * (row.weight / weight);
  }
  into.weight = weight;
  into.step = row.step;
}
