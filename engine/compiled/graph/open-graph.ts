/**
 * A graph whose number of samples is open: of two graphs, of 2 and of 3 samples, every number follows along a line
 * (a length of 4 and of 6 is twice the samples). It holds for every number of samples if a trace of others gives the same.
 */
import { checkGraph } from './check-graph.js';
import type { Graph } from './graph.js';
import { loadGraph, type StoredGraph, storeGraph } from './graph-json.js';

/** Samples of the two. */
export const FEW = 2;
export const MORE = 3;

export interface OpenGraph {
  few: StoredGraph;
  more: StoredGraph;
}

/** @param trace makes the graph of so many samples; @throws Error where it differs by more than the number of samples */
export function openGraph(trace: (samples: number) => Graph, others: readonly number[]): OpenGraph {
  const open = { few: storeGraph(trace(FEW)), more: storeGraph(trace(MORE)) };
  for (const samples of others) {
    if (JSON.stringify(storedFor(open, samples)) === JSON.stringify(storeGraph(trace(samples)))) continue;
    throw new Error(`it computes something else for ${samples} samples than for ${FEW} and ${MORE}`);
  }
  return open;
}

/** @throws Error if the two do not belong together, or the graph is larger than a machine would hold */
export function graphFor(open: OpenGraph, samples: number): Graph {
  const stored = storedFor(open, samples);
  checkGraph(stored);
  return loadGraph(stored);
}

function storedFor({ few, more }: OpenGraph, samples: number): StoredGraph {
  const constants = (graph: StoredGraph) =>
    JSON.stringify(graph.values.map((leaf) => ('constant' in leaf ? leaf.constant : null)));
  if (constants(few) !== constants(more))
    throw new Error('it has constants that depend on the place of a sample in its batch');
  return along(few, more, samples) as StoredGraph;
}

function along(few: unknown, more: unknown, samples: number): unknown {
  if (typeof few === 'number' && typeof more === 'number') return few + (samples - FEW) * (more - few);
  if (Array.isArray(few) && Array.isArray(more) && few.length === more.length)
    return few.map((value, i) => along(value, more[i], samples));
  if (isRecord(few) && isRecord(more) && `${Object.keys(few)}` === `${Object.keys(more)}`)
    return Object.fromEntries(
      Object.entries(few).map(([key, value]) => [key, along(value, more[key], samples)]),
    );
  if (few === more) return few;
  throw new Error(`it computes something else for ${MORE} samples than for ${FEW}`);
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
