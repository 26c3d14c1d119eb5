/** A stand-in for a model: weights without layers, and an engine that returns a ready gradient. */
import { type Layout, layoutOf } from '../../shared/layout.js';
import type { Compute } from '../../worker/engine/compute.js';
import type { Batch } from '../../worker/engine/engine.js';

export const BATCH = 64;
export const SHARDS = 8;

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

const empty = (count: number): Batch => ({ count, x: new Uint8Array(0), y: new Uint8Array(0) });
