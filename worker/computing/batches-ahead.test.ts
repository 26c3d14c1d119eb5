import { expect, it } from 'vitest';
import type { RunMaterial } from '../data/material.js';
import { BatchesAhead } from './batches-ahead.js';

it('changes the pictures of each shard once, by their records and the epoch, whether gathered ahead or not', async () => {
  const changed: unknown[] = [];
  const material = {
    order: () => Uint32Array.of(5, 3, 9, 1),
    train: {
      assemble: async (records: Uint32Array) => ({ count: records.length, x: Uint8Array.from(records) }),
    },
    augment: (x: Uint8Array, records: Uint32Array, epoch: number) => {
      changed.push([[...records], epoch]);
      for (let i = 0; i < x.length; i++) x[i]! += 100;
    },
    compute: {},
  } as unknown as RunMaterial;
  const batches = new BatchesAhead(material);
  const node = { step: 4, epoch: 2, node: 1, firstShard: 0, bounds: [0, 3, 4] };
  const xs = async () => (await batches.take(node)).map(({ x }) => [...x]);
  expect(await xs()).toEqual([[105, 103, 109], [101]]);
  batches.prepare(node);
  expect(await xs()).toEqual([[105, 103, 109], [101]]);
  const once = [
    [[5, 3, 9], 2],
    [[1], 2],
  ];
  expect(changed).toEqual([...once, ...once]);
});
