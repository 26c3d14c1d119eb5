/**
 * What simulated runs train, on an engine that needs no tensors and takes its machine's time.
 *
 * One weight a sample has a gradient of 1 for that sample and 0 else: its sum counts how often the sample was
 * trained, exactly. The gradient of all other weights depends on weights, sample and seed, so that any slip changes
 * all that follows.
 */
import { NodeComputer } from '../../../engine/compute-node.js';
import type { Batch, Engine } from '../../../engine/engine.js';
import { squareOf } from '../../../shared/data/confusion.js';
import { epochOrder, parseShuffle } from '../../../shared/numerics/permutation.js';
import type { RunMaterial } from '../../../worker/data/material.js';
import { limitsOf } from '../../support/simulation/limits.js';
import type { Machine } from '../../support/simulation/simulation.js';

export const RECORDS = 96;
export const BATCH = 16;
/** Of the evaluations. */
export const TEST = {
  parts: Array.from({ length: 6 }, (_, i) => ({ from: 16 * i, to: 16 * (i + 1) })),
  mostInHand: 64,
  confusion: squareOf(0),
};

const shuffle = parseShuffle('full');

/** The samples of each epoch, for a run with this seed. */
export const orderOf = (seed: number) => (epoch: number) =>
  epochOrder({ records: RECORDS, recordsPerChunk: RECORDS, seed, epoch, shuffle });

/** An engine whose work takes its machine's time. */
export function materialOf(
  machine: Machine,
  layout: RunMaterial['layout'],
  order: (epoch: number) => Uint32Array,
): RunMaterial {
  let held = new Float32Array(layout.total);
  const engine: Engine = {
    name: 'simulated',
    engineClass: 'simulated@1',
    setWeights: async (weights) => {
      held = weights.slice();
    },
    gradient: async ({ count, x }, seed, into) => {
      await machine.work(count / machine.speed);
      into.fill(0);
      let loss = 0;
      for (let i = 0; i < count; i++) {
        const record = x[i]!;
        into[record]!++;
        for (let w = RECORDS; w < layout.total; w++) {
          const value = Math.fround(held[w]! * (1 + ((record * 31 + w) % 17)) + (seed % 101) / 101 - 0.5);
          into[w] = Math.fround(into[w]! + value);
          loss += value * value;
        }
      }
      return { loss, metric: count };
    },
    evaluate: async ({ count, x }) => {
      let loss = 0;
      for (let i = 0; i < count; i++) loss += held[RECORDS + (x[i]! % (layout.total - RECORDS))]!;
      return { loss, metric: count };
    },
    dispose: () => undefined,
  };
  const assemble = async (
    indices: Uint32Array,
    take: (bytes: number) => ArrayBufferLike = (bytes) => new ArrayBuffer(bytes),
  ): Promise<Batch> => {
    const count = indices.length;
    const x = new Int32Array(take(4 * count), 0, count);
    x.set(indices);
    return { count, x, y: new Uint8Array(0) };
  };
  const computer = new NodeComputer(engine);
  return {
    layout,
    train: { assemble },
    test: { range: (from, to) => assemble(Uint32Array.from({ length: to - from }, (_, at) => from + at)) },
    order,
    // Of as many samples as any of the simulated runs has.
    limits: limitsOf(layout, 2 ** 16),
    compute: {
      name: engine.name,
      engineClass: engine.engineClass,
      reason: 'simulated',
      allocate: (elements) => new Float32Array(elements),
      setWeights: (weights) => engine.setWeights(weights),
      computeNode: (shards, into, stop) => computer.compute(shards, into, async () => stop?.aborted === true),
      evaluate: async (batch) => {
        await machine.work(batch.count / machine.speed / 3);
        return engine.evaluate(batch);
      },
      close: async () => undefined,
    },
  };
}
