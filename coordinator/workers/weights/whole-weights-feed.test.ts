import { expect, it } from 'vitest';
import { CHUNK_ELEMENTS } from '../../../shared/numerics/chunk-size.js';
import { layoutOf } from '../../../shared/numerics/layout.js';
import { createKernels } from '../../../shared/numerics/update/kernels/create.js';
import { FRAME_WEIGHTS } from '../../../shared/protocol/frame.js';
import { VersionedWeights } from '../../update/version/versioned-weights.js';
import { WholeWeightsFeed } from './whole-weights-feed.js';

it('tells of a version once all of its chunks are there, and where it lies', () => {
  const layout = layoutOf([{ name: 'w', shape: [CHUNK_ELEMENTS + 1], trainable: true }]);
  const kernels = createKernels({ capacityFloats: 3 * layout.total });
  const initial = new Float32Array(layout.total).fill(1);
  const weights = new VersionedWeights(kernels, layout, initial, 5, FRAME_WEIGHTS);
  const told: [number, Float32Array][] = [];
  const feed = new WholeWeightsFeed(weights, (...version) => told.push(version));
  feed.pump();
  expect(told).toEqual([]);
  feed.begin();
  expect(told).toEqual([[5, initial]]);
  for (const chunk of [0, 1]) {
    weights.writing(chunk).fill(2);
    weights.finishChunk(chunk);
    feed.pump();
    expect(told.length).toBe(1 + chunk);
  }
  weights.advance();
  feed.pump();
  expect(told.map(([version]) => version)).toEqual([5, 6]);
  weights.reading(1)[0] = 3;
  expect(told[1]![1].at(-1)).toBe(3);
});
