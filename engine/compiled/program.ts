/**
 * A model's graphs as the coordinator serves them: traced once, in every size that the run needs, so that no
 * worker has to load TF.js. They know no target: each worker lowers them for its own runtime in some
 * milliseconds, so that one object serves all processors, and a new target needs no new object.
 */
import type { Graph } from './graph/graph.js';
import { loadGraph, type StoredGraph, storeGraph } from './graph/graph-json.js';
import { type GraphWanted, keyOf } from './graph/wanted.js';

export interface Program {
  format: 1;
  /** Graphs by kind and number of samples: `gradient:16`, `evaluation:256`; of tokens by their bucket too: `gradient:16x24`. */
  graphs: Record<string, StoredGraph>;
  /** Why the model cannot be compiled; there are no graphs then. */
  refused?: string;
}

/** A program of the graphs that `trace` makes; one that tells why, where it cannot. */
export function createProgram(
  wanted: readonly GraphWanted[],
  trace: (wanted: GraphWanted) => Graph,
): Program {
  try {
    const graphs = wanted.map((one) => [keyOf(one), storeGraph(trace(one))]);
    return { format: 1, graphs: Object.fromEntries(graphs) };
  } catch (error) {
    return { format: 1, graphs: {}, refused: error instanceof Error ? error.message : String(error) };
  }
}

/** @returns undefined where the program lacks that size; @throws Error if the model cannot be compiled */
export function graphOf(program: Program, wanted: GraphWanted): Graph | undefined {
  if (program.refused) throw new Error(program.refused);
  const stored = program.graphs[keyOf(wanted)];
  return stored && loadGraph(stored);
}
