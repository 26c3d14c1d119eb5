/**
 * The reduction tree of a step: it fixes which additions are made, however the work is shared out.
 *
 * A step has S shards, S a power of two. Nodes are numbered as in a binary heap: the root is 1, the
 * children of n are 2n (left) and 2n + 1 (right), and shard i is the leaf S + i. A parent's value is
 * left + right in float32. A node without samples has no value at all, and its parent takes the other
 * child's value unchanged, so an empty shard costs neither work nor a rounding.
 */
export type Node = number;

export const ROOT: Node = 1;

/** The header of a frame has 16 bits for a node, and the largest leaf is 2S - 1. */
export const MAX_SHARDS = 32_768;
/** Of a leaf of as many. */
export const MAX_DEPTH = 15;

/** Levels below the root: 0 for the root itself. */
export function depthOf(node: Node): number {
  return 31 - Math.clz32(node);
}

/** How many of the step's `shards` lie under `node`. */
export function leafCount(shards: number, node: Node): number {
  return shards >> depthOf(node);
}

/** The first of the shards under `node`. */
export function firstShard(shards: number, node: Node): number {
  return node * leafCount(shards, node) - shards;
}

/** Whether `node` is `ancestor` or lies under it. */
export function isWithin(node: Node, ancestor: Node): boolean {
  const levels = depthOf(node) - depthOf(ancestor);
  return levels >= 0 && node >> levels === ancestor;
}

/** Whether the two have shards in common. */
export const overlaps = (a: Node, b: Node): boolean => isWithin(a, b) || isWithin(b, a);

export const parentOf = (node: Node): Node => node >> 1;
export const siblingOf = (node: Node): Node => node ^ 1;
export const childrenOf = (node: Node): [Node, Node] => [2 * node, 2 * node + 1];
export const isLeft = (node: Node): boolean => (node & 1) === 0;

/**
 * Where shards begin and end within a global batch of `samples`: S + 1 ascending positions; shard i is
 * `[bounds[i], bounds[i + 1])` = `[floor(i * samples / S), floor((i + 1) * samples / S))`.
 */
export function shardBounds(samples: number, shards: number): number[] {
  const bounds: number[] = [];
  for (let i = 0; i <= shards; i++) bounds.push(Math.floor((i * samples) / shards));
  return bounds;
}

/** The fewest aligned nodes that together cover the shards `[from, to)`, left to right. */
export function nodesCovering(shards: number, from: number, to: number): Node[] {
  const nodes: Node[] = [];
  let at = from;
  while (at < to) {
    let size = at === 0 ? shards : at & -at;
    while (at + size > to) size >>= 1;
    nodes.push((shards + at) / size);
    at += size;
  }
  return nodes;
}

/** The smallest power of two that is not below `count`: a tree of so many shards has a leaf for each. */
export function powerOfTwoFrom(count: number): number {
  let shards = 1;
  while (shards < count) shards *= 2;
  return shards;
}

/** The default number of shards: the largest power of two, at most 8, that leaves 16 samples a shard. */
export function defaultShards(batchSize: number): number {
  let shards = 8;
  while (shards > 1 && batchSize / shards < 16) shards >>= 1;
  return shards;
}
