/**
 * An engine without tensors, whose gradient depends on weights, samples and seed, and what a session needs besides:
 * for tests that need workers, and no learning. Processes that are started as they are import it too; it is held to the
 * types in light-engine.d.mts.
 */
import { setTimeout as sleep } from 'node:timers/promises';

/** @type {typeof import('./light-engine.mjs').lightCompute} */
export const lightCompute = ({ layout, NodeComputer, classes = 0, shardMs = 0 }) => {
  let weights = new Float32Array(0);
  /** @type {import('../../../engine/engine.js').Engine} */
  const engine = {
    name: 'light',
    engineClass: 'light@1',
    async setWeights(values) {
      weights = values.slice();
    },
    async gradient({ count, x }, seed, into) {
      if (shardMs > 0) await sleep(shardMs);
      into.fill(0);
      let loss = 0;
      for (let i = 0; i < count; i++) {
        const sample = Math.abs(Math.trunc(at(x, i)));
        for (let w = sample % 7; w < layout.trainable; w += 7) {
          const value = at(weights, w) + ((sample * 31 + w + (seed % 101)) % 17) / 17 - 0.5;
          into[w] = at(into, w) + value;
          loss += value * value;
        }
      }
      return { loss, metric: count / 2 };
    },
    async evaluate({ count, y }) {
      const sums = { loss: weights.reduce((sum, value) => sum + value, 0), metric: count / 2 };
      if (classes === 0) return sums;
      // As if every sample were taken for one of the first class.
      const confusion = new Int32Array(classes * classes);
      for (let i = 0; i < count; i++) confusion[at(y, i) * classes] = at(confusion, at(y, i) * classes) + 1;
      return { ...sums, metric: at(confusion, 0), confusion };
    },
    dispose: () => undefined,
  };
  const computer = new NodeComputer(engine);
  return {
    ...engine,
    reason: 'computes without tensors',
    allocate: (elements) => new Float32Array(elements),
    computeNode: (shards, into, stop) => computer.compute(shards, into, async () => stop?.aborted === true),
    close: async () => undefined,
  };
};

/** @type {typeof import('./light-engine.mjs').lightMaterial} */
export const lightMaterial = ({ layout, order, limits, ...parts }) => {
  /** @param {Uint32Array} indices */
  const assemble = async (indices) => {
    const records = Int32Array.from(indices);
    return { count: indices.length, x: records, y: records };
  };
  return {
    layout,
    train: { assemble },
    test: { range: (from, to) => assemble(Uint32Array.from({ length: to - from }, (_, i) => from + i)) },
    order,
    limits,
    compute: lightCompute({ layout, ...parts }),
  };
};

/**
 * An element that is there.
 * @param {ArrayLike<number>} values
 * @param {number} i
 */
const at = (values, i) => /** @type {number} */ (values[i]);
