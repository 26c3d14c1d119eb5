import { expect, it } from 'vitest';
import type { Segment, TimelineView, TimeShares } from '../../../shared/status/monitoring.js';
import { slowestFirst, under } from './lanes.js';

const shares: TimeShares = { download: 0, compute: 1, upload: 0, wait: 0 };
const segment = (worker: number, leased: number, counted: number): Segment => ({
  ...{ worker, shard: 0, shards: 1, leased, counted },
  ...{ started: leased, computed: counted },
});
const view: TimelineView = {
  workers: [1, 2, 3, 4].map((id) => ({ id, name: `w${id}`, shares })),
  departed: [],
  steps: [
    { step: 1, milliseconds: 10, segments: [segment(1, 0, 4), segment(2, 0, 10), segment(3, 0, 3)] },
    // Worker 3 computes two nodes, one after the other.
    { step: 2, milliseconds: 100, segments: [segment(1, 0, 90), segment(3, 0, 50), segment(3, 50, 99)] },
  ],
};

it('the lane that steps waited for comes first, whatever a step took, and who took part in none comes last', () => {
  // 2: 1 of its only step; 1: (0.4 + 0.9) / 2; 3: (0.3 + 0.99) / 2.
  expect(slowestFirst(view).map(({ name }) => name)).toEqual(['w2', 'w1', 'w3', 'w4']);
});

it('tells what was computed at a place of a lane', () => {
  const scale = { left: 100, perMs: 2, gap: 6 };
  // The first step takes 20 pixels, the second begins at 126.
  expect(under(view.steps, 3, scale, 126 + 2 * 60)).toMatchObject({
    step: { step: 2 },
    segment: { leased: 50 },
  });
  expect(under(view.steps, 1, scale, 100 + 2 * 8)).toMatchObject({ step: { step: 1 }, segment: undefined });
  expect([under(view.steps, 1, scale, 50), under(view.steps, 1, scale, 123)]).toEqual([undefined, undefined]);
});
