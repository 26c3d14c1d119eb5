/** Eliminates dead code: every node that no output depends on. */
import { type Graph, type GraphNode, inputsOf } from '../graph/graph.js';

export function withoutDeadCode({ nodes, outputs }: Graph): Graph {
  const alive = new Set(outputs.map(({ value }) => value));
  const kept: GraphNode[] = [];
  for (const node of [...nodes].reverse()) {
    if (!node.outputs.some((value) => alive.has(value))) continue;
    for (const value of inputsOf(node)) alive.add(value);
    kept.push(node);
  }
  return { nodes: kept.reverse(), outputs };
}
