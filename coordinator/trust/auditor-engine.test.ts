import { describe, expect, it } from 'vitest';
import type { EngineThread } from '../../engine/node/engine-thread.js';
import type { Manifest } from '../../shared/data/manifest.js';
import { createExchange, type ExchangeTerms } from '../../shared/numerics/codec/exchange.js';
import { layoutOf } from '../../shared/numerics/layout.js';
import { mix } from '../../shared/numerics/random.js';
import type * as m from '../../shared/protocol/messages.js';
import { ThreadEngine } from './auditor-engine.js';

const train: Manifest = {
  format: 1,
  name: 'four',
  split: 'train',
  records: 4,
  x: { shape: [1], dtype: 'uint8' },
  y: { shape: [], dtype: 'uint8' },
  label: { kind: 'class', classes: 2 },
  normalisation: { scale: 1, mean: [0], std: [1] },
  recordsPerChunk: 4,
  chunks: [{ sha256: 'records', records: 4, bytes: 8 }],
};
const lease: m.Lease = {
  ...{ type: 'lease', step: 3, epoch: 0, node: 1, firstShard: 0, bounds: [0, 4], fromChunk: 0, window: 1 },
} as m.Lease;
const weights = { version: 3, flat: () => new Float32Array(2) };

const never = () => new Promise<never>(() => undefined);

/** Engines that hang while they compute, as long as `hangs` says so; or start as `start` does. */
function engines(hangs: () => boolean, start?: (stop: AbortSignal) => Promise<never>) {
  const closed: number[] = [];
  let started = 0;
  const engine = new ThreadEngine({
    material: {
      description: { weights: [{ name: 'w', shape: [2], trainable: true }] } as never,
      train,
      objects: { get: (hash) => (hash === 'records' ? Buffer.alloc(8) : Buffer.from('{}')) },
      hashes: { probe: 'probe', program: 'program' },
    },
    ...{ shardSamples: 4, seed: 1, shuffle: 'full', engineClass: 'any', ceilingMs: start ? 1e6 : 5 },
    startThread: async (_options, stop) => {
      const number = started++;
      if (start) return start(stop!);
      return {
        engine: 'light',
        engineClass: 'light@1',
        allocate: (elements: number) => new Float32Array(elements),
        setWeights: async () => undefined,
        computeNode: () => (hangs() ? never() : Promise.resolve({ loss: 1, metric: 2, samples: 4 })),
        close: async () => void closed.push(number),
      } as unknown as EngineThread;
    },
  });
  return { engine, closed, starts: () => started };
}

/** A gradient that is coded: 300 elements, of which each shard has its own. */
async function recomputed(exchange: ExchangeTerms | undefined) {
  const shape = [300];
  const engine = new ThreadEngine({
    material: {
      description: { weights: [{ name: 'w', shape, trainable: true }] } as never,
      train,
      objects: { get: (hash) => (hash === 'records' ? Buffer.alloc(8) : Buffer.from('{}')) },
      hashes: { probe: 'probe', program: 'program' },
    },
    ...{ shardSamples: 2, seed: 1, shuffle: 'full', engineClass: 'any', exchange },
    startThread: async () =>
      ({
        engineClass: 'light@1',
        allocate: (elements: number) => new Float32Array(elements),
        setWeights: async () => undefined,
        computeNode: async (shards: { seed: number }[], into: Float32Array) => {
          into.fill(0);
          for (const { seed } of shards) for (const i of into.keys()) into[i]! += Math.sin(seed + i);
          return { loss: 1, metric: 2, samples: 2 * shards.length };
        },
        close: async () => undefined,
      }) as unknown as EngineThread,
  });
  const both = { ...lease, bounds: [0, 2, 4] };
  const { chunks, contribution } = await engine.compute(
    both,
    { version: 3, flat: () => new Float32Array(300) },
    'usual',
  );
  return { values: new Float32Array(chunks[0]!.slice().buffer), contribution };
}

describe("the coordinator's own engine", () => {
  it('gives a node the value that workers send of it where gradients travel coded', async () => {
    const layout = layoutOf([{ name: 'w', shape: [300], trainable: true }]);
    const { chunks, nodes } = createExchange({ code: 'int8', depth: 1 }, 1, layout)!;
    const coded = (node: number, values: Float32Array) => {
      chunks.roundAll(values, nodes.keys(3, node));
      return values;
    };
    const [left, right] = [2, 3].map((node) =>
      coded(
        node,
        Float32Array.from({ length: 300 }, (_, i) => Math.sin(mix(1, 3, node - 2) + i)),
      ),
    );
    const sum = left!.map((value, i) => value + right![i]!);
    const { values, contribution } = await recomputed({ code: 'int8', depth: 1 });
    expect(values).toEqual(coded(1, sum));
    expect(contribution).toMatchObject({ samples: 4, loss: 2, metric: 4 });
  });

  it('is told of and ended when it hangs, and the next node has a new one', async () => {
    let hangs = true;
    const { engine, closed } = engines(() => hangs);
    await expect(engine.compute(lease, weights, 'usual')).rejects.toThrow(
      /own engine has not recomputed node 1 of step 3 in 0.005 s; start a trusted worker/,
    );
    expect(closed).toEqual([0]);
    hangs = false;
    expect(await engine.compute(lease, weights, 'usual')).toMatchObject({
      contribution: { loss: 1, metric: 2 },
    });
    await engine.close();
    expect(closed).toEqual([0, 1]);
  });

  it('is not waited for at the end where its start hangs, and no other is started in its place', async () => {
    let begin: () => void;
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const { engine, starts } = engines(
      () => false,
      (stop) => {
        begin();
        return new Promise((_, reject) => stop.addEventListener('abort', () => reject(stop.reason)));
      },
    );
    const audit = engine.compute(lease, weights, 'universal');
    const outcome = expect(audit).rejects.toThrow('aborted');
    await begun;
    await engine.close();
    await outcome;
    expect(starts()).toBe(1);
  });
});
