import { describe, expect, it, vi } from 'vitest';
import type { ModelFunction } from '../../coordinator/prepare/model/topology/request.js';
import { compiledEngine, hashOf, type Subject, subjectOf } from '../../test/support/compiled/subject.js';
import { models, zoo } from '../../test/support/compiled/zoo.js';
import { NodeComputer } from '../compute-node.js';
import { cpuRuntime, wasmRuntime } from '../node/compiled.js';
import { PORTABLE } from './lower/target.js';
import type { Runtime } from './runtime.js';

/** Each shard draws numbers of its own. */
const dropping: ModelFunction = (tf) =>
  tf.sequential({
    layers: [
      tf.layers.dense({ units: 8, activation: 'relu', inputShape: [20] }),
      tf.layers.dropout({ rate: 0.5 }),
      tf.layers.dense({ units: 10, activation: 'softmax' }),
    ],
  });

const subjects: Record<string, () => Promise<Subject>> = {
  ...Object.fromEntries(models.map((model) => [model, () => zoo(model)])),
  'a model with dropout': () => subjectOf({ model: dropping, x: { shape: [20], dtype: 'uint8' } }),
};

async function runtimes(): Promise<Record<string, Runtime>> {
  const [cpu, wasm] = [await cpuRuntime(), await wasmRuntime()];
  return { cpu, 'cpu, portable': { ...cpu, target: PORTABLE }, wasm };
}

/** Shards of two sizes, as where a batch does not divide evenly, and of whole blocks of samples. */
const SIZES = [
  [3, 4, 3, 4],
  [16, 16],
];

describe('shards of a node that one run computes', () => {
  it.each(Object.keys(subjects))('%s: give the bits of one after the other', async (model) => {
    const subject = await subjects[model]!();
    for (const [name, runtime] of Object.entries(await runtimes())) {
      for (const sizes of SIZES) {
        const shards = sizes.map((samples, i) => ({ batch: subject.batch(samples, i), seed: 10 + i }));
        const results = [];
        // All at once and, of four, two by two.
        for (const joined of [1, 2, 4].filter((count) => count <= sizes.length)) {
          const joining = { shards: joined, elements: Number.POSITIVE_INFINITY };
          const engine = await compiledEngine(subject, runtime.target, { ...runtime, joining });
          const runs = vi.spyOn(engine, 'gradientOfShards');
          const into = new Float32Array(subject.layout.total).fill(Number.NaN);
          const sums = await new NodeComputer(engine).compute(shards, into);
          results.push({ ...sums, sha256: hashOf(into) });
          // Else nothing would have been tested.
          const isJoined = await Promise.all(
            runs.mock.results.map(async ({ value }) => (await value) !== undefined),
          );
          expect(isJoined.includes(true)).toBe(joined > 1);
          engine.dispose();
        }
        for (const result of results.slice(1)) expect(result, `${name}, ${sizes}`).toEqual(results[0]);
      }
    }
  });

  it('are computed one by one where one of them is empty, or copies would not matter', async () => {
    const subject = await zoo('mlp');
    const runtime = await wasmRuntime();
    const into = new Float32Array(subject.layout.total);
    const shardsOf = (counts: number[]) => counts.map((count) => ({ batch: subject.batch(count), seed: 1 }));
    const engine = await compiledEngine(subject, runtime.target, runtime);
    expect(await engine.gradientOfShards(shardsOf([2, 0]), into)).toBeUndefined();
    const other = await compiledEngine(subject, runtime.target, runtime);
    expect(await other.gradientOfShards(shardsOf([4000, 4000]), into)).toBeUndefined();
  });
});
