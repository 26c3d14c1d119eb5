import type { Compute } from '../../../engine/compute.js';
import type { NodeComputer } from '../../../engine/compute-node.js';
import type { Engine } from '../../../engine/engine.js';
import type { Layout } from '../../../shared/numerics/layout.js';
import type { RunMaterial } from '../../../worker/data/material.js';

interface Parts {
  layout: Layout;
  /** The product's, which source and build each have. */
  NodeComputer: new (
    engine: Engine,
  ) => Pick<NodeComputer, 'compute'>;
  shardMs?: number;
}

/** @param parts `classes` of a confusion matrix */
export function lightCompute(parts: Parts & { classes?: number }): Compute;
/** Samples are their own indices. */
export function lightMaterial(parts: Parts & Pick<RunMaterial, 'order' | 'limits'>): RunMaterial;
