import type { Compute } from '../../../engine/compute.js';
import type { NodeComputer } from '../../../engine/compute-node.js';
import type { Layout } from '../../../shared/numerics/layout.js';

export function lightCompute(parts: {
  layout: Layout;
  NodeComputer: typeof NodeComputer;
  classes?: number;
  shardMs?: number;
}): Compute;
