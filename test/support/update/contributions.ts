/** A small model's layout and made contributions to it. */
import fc from 'fast-check';
import { layoutOf } from '../../../shared/numerics/layout.js';
import type { Node } from '../../../shared/numerics/tree.js';

/** 8 trainable elements in two tensors, and 3 that no gradient trains. */
export const SMALL = layoutOf([
  { name: 'kernel', shape: [3, 2], trainable: true },
  { name: 'bias', shape: [2], trainable: true },
  { name: 'mean', shape: [3], trainable: false },
]);

/** A contribution to `SMALL`: different in each element, at a size of about `size`. */
export const small = (size: number): Float32Array =>
  Float32Array.from({ length: SMALL.total }, (_, i) => size * (1 - i / 100));

/** A contribution of each shard. */
export const leaves = (shards: number, length: number): fc.Arbitrary<Float32Array[]> =>
  fc.array(
    fc
      .array(fc.float({ min: -1000, max: 1000, noNaN: true }), { minLength: length, maxLength: length })
      .map((values) => Float32Array.from(values)),
    { minLength: shards, maxLength: shards },
  );

/** What a worker that holds `node` sends: its shards added over the tree; undefined without samples. */
export function contributionOf(
  node: Node,
  parts: readonly Float32Array[],
  has: (shard: number) => boolean,
): Float32Array | undefined {
  const shards = parts.length;
  if (node >= shards) return has(node - shards) ? parts[node - shards] : undefined;
  const left = contributionOf(2 * node, parts, has);
  const right = contributionOf(2 * node + 1, parts, has);
  if (!left || !right) return left ?? right;
  return left.map((value, i) => Math.fround(value + right[i]!));
}
