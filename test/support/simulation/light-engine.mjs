/**
 * An engine without tensors, whose gradient depends on weights, samples and seed, and what a session needs besides:
 * for tests that need workers, and no learning. Types: light-engine.d.mts.
 */
import { setTimeout as sleep } from 'node:timers/promises';

export function lightCompute({ layout, NodeComputer, classes = 0, shardMs = 0 }) {
  let weights;
  const engine = {
    async gradient({ count, x }, seed, into) {
      if (shardMs > 0) await sleep(shardMs);
      into.fill(0);
      let loss = 0;
      for (let i = 0; i < count; i++) {
        const sample = Math.abs(Math.trunc(x[i]));
        for (let w = sample % 7; w < layout.trainable; w += 7) {
          const value = weights[w] + ((sample * 31 + w + (seed % 101)) % 17) / 17 - 0.5;
          into[w] += value;
          loss += value * value;
        }
      }
      return { loss, metric: count / 2 };
    },
  };
  const computer = new NodeComputer(engine);
  return {
    name: 'light',
    engineClass: 'light@1',
    reason: 'computes without tensors',
    allocate: (elements) => new Float32Array(elements),
    async setWeights(values) {
      weights = values.slice();
    },
    computeNode: (shards, into, stop) => computer.compute(shards, into, async () => stop?.aborted === true),
    async evaluate({ count, y }) {
      const sums = { loss: weights.reduce((sum, value) => sum + value, 0), metric: count / 2 };
      if (classes === 0) return sums;
      // As if every sample were taken for one of the first class.
      const confusion = new Int32Array(classes * classes);
      for (let i = 0; i < count; i++) confusion[y[i] * classes]++;
      return { ...sums, metric: confusion[0], confusion };
    },
    close: async () => undefined,
  };
}

export function lightMaterial({ layout, order, limits, ...parts }) {
  const assemble = async (indices) => ({ count: indices.length, x: indices, y: indices });
  const range = (from, to) => assemble(Uint32Array.from({ length: to - from }, (_, at) => from + at));
  return {
    layout,
    train: { assemble },
    test: { range },
    order,
    limits,
    compute: lightCompute({ layout, ...parts }),
  };
}
