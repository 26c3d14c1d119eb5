/** How gradients travel in a run that codes them: the nodes, and the code of their chunks. */
import type { Layout } from '../layout.js';
import { ChunkCode } from './chunk-code.js';
import { CodedNodes } from './coded-nodes.js';
import { createCodeKernel } from './create-kernel.js';

/** `--exchange`. */
export const EXCHANGES = ['f32', 'int8'] as const;

/** What `welcome` says of it. */
export interface ExchangeTerms {
  code: 'int8';
  /** Nodes down to this depth of the tree are coded. */
  depth: number;
}

export interface Exchange {
  nodes: CodedNodes;
  chunks: ChunkCode;
}

/** @param terms undefined: gradients travel in float32. @param seed of the run */
export function createExchange(
  terms: ExchangeTerms | undefined,
  seed: number,
  layout: Layout,
): Exchange | undefined {
  if (!terms) return undefined;
  return {
    nodes: new CodedNodes(seed, terms.depth),
    chunks: new ChunkCode(layout, createCodeKernel()),
  };
}
