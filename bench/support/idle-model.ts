/** A stand-in for a model: weights without layers, and an engine that returns a ready gradient. */

import type { Compute } from '../../engine/compute.js';
import type { Batch } from '../../engine/engine.js';
import { type Layout, layoutOf } from '../../shared/numerics/layout.js';
import type { WorkLimits } from '../../worker/data/check-work.js';

export const BATCH = 64;

export function layoutFor(parameters: number): Layout {
  return layoutOf([{ name: 'weights', shape: [parameters], trainable: true }]);
}

export function idleCompute(): Compute {
  return {
    name: 'idle',
    engineClass: 'idle@1',
    reason: 'computes nothing',
    allocate: (elements) => new Float32Array(elements),
    setWeights: async () => undefined,
    computeNode: async (shards, into) => {
      // Not constant: a buffer that is used again too early would show.
      into[0] = shards[0]!.seed % 1000;
      return { samples: shards.reduce((sum, { batch }) => sum + batch.count, 0), loss: 1, metric: 1 };
    },
    evaluate: async () => ({ loss: 1, metric: 1 }),
    close: async () => undefined,
  };
}

/** Batches of the right length, without records. */
export const emptyBatches = {
  assemble: async ({ length }: Uint32Array): Promise<Batch> => empty(length),
  range: async (from: number, to: number): Promise<Batch> => empty(to - from),
};

/** Nothing is refused. */
export const LIMITS: WorkLimits = {
  trainRecords: 2 ** 20,
  testRecords: 2 ** 20,
  shardSamples: 2 ** 20,
  samples: 2 ** 24,
  chunks: 2 ** 20,
};

const empty = (count: number): Batch => ({ count, x: new Uint8Array(0), y: new Uint8Array(0) });
