/**
 * Which elements of a chunk travel in coded blocks, and which as they are.
 *
 * Blocks have 64 elements. They begin anew at each weight and at each chunk, so that a block never holds two weights, whose
 * gradients may be of very different size; the last block of each may be shorter. Weights of fewer than 256 elements
 * (biases, scales) travel in float32: all of them together are next to nothing. So do weights that gradients do not train:
 * a batch's variance, rounded to a share of the largest beside it, could fall below zero.
 */
import type { Layout } from '../layout.js';

/** Elements that share a scale. */
export const BLOCK_ELEMENTS = 64;
/** Weights of fewer elements are not coded. */
export const LEAST_CODED = 256;

/** Elements `[from, to)`, counted from the beginning of the chunk. */
export interface Run {
  from: number;
  to: number;
}

/** How the body of a chunk is made up: float32 of all `raw` runs, then a scale for each block, then a code for each element of the `coded` runs. */
export interface ChunkTable {
  raw: readonly Run[];
  coded: readonly Run[];
  /** Elements of the chunk; those that are coded, and the blocks that they make. */
  elements: number;
  codes: number;
  blocks: number;
  /** Bytes of the body. */
  bytes: number;
}

export function chunkTables(layout: Layout): ChunkTable[] {
  const runs = layout.mapChunks(() => ({ raw: [] as Run[], coded: [] as Run[] }));
  for (const slot of layout.slots) {
    if (slot.frozen || slot.size === 0) continue;
    const isCoded = slot.trainable && slot.size >= LEAST_CODED;
    for (const chunk of layout.chunksOf(slot)) {
      const { start, end } = layout.range(chunk);
      const from = Math.max(slot.offset, start) - start;
      const to = Math.min(slot.offset + slot.size, end) - start;
      const { raw, coded } = runs[chunk]!;
      const last = raw.at(-1);
      if (isCoded) coded.push({ from, to });
      else if (last?.to === from) last.to = to;
      else raw.push({ from, to });
    }
  }
  return runs.map(({ raw, coded }, chunk) => {
    const { start, end } = layout.range(chunk);
    const elements = end - start;
    const codes = coded.reduce((sum, { from, to }) => sum + to - from, 0);
    const blocks = coded.reduce((sum, run) => sum + blocksOf(run), 0);
    return { raw, coded, elements, codes, blocks, bytes: 4 * (elements - codes) + 2 * blocks + codes };
  });
}

export const blocksOf = ({ from, to }: Run): number => Math.ceil((to - from) / BLOCK_ELEMENTS);
