import { expect, it } from 'vitest';
import type { Column, HistoryView } from '../../../../shared/status/monitoring.js';
import { X_KINDS } from '../../data/address.js';
import { type Stepped, stepAt, xInWords, xLabel, xOf, xsOf } from './x-axis.js';

const none: Column = { min: [], max: [], mean: [] };

/** Buckets of two steps; the last batch of an epoch of five steps is short. */
const run: Stepped = {
  stepsPerEpoch: 5,
  view: {
    curve: {
      ...{ step: [2, 4, 6, 8], samples: [20, 40, 55, 75], time: [1, 2, 2, 6] },
      ...{ loss: none, metric: none, learningRate: none, gradientNorm: none },
    },
  } as HistoryView,
};

it('a step stands at its samples, epoch and time, and between buckets on the line between them', () => {
  expect(X_KINDS.map((kind) => xOf(run, kind, 4))).toEqual([4, 40, 0.8, 2]);
  expect(X_KINDS.map((kind) => xOf(run, kind, 7))).toEqual([7, 65, 1.4, 4]);
  expect(xOf(run, 'samples', 1)).toBe(10);
  expect(xOf(run, 'time', 100)).toBe(6);
});

it('a place on the axis leads back to its step', () => {
  for (const kind of X_KINDS)
    for (const step of [1, 2, 4, 7, 8]) expect(stepAt(run, kind, xOf(run, kind, step)), kind).toBe(step);
});

it('places rise, though steps took no time that can be told', () => {
  const xs = xsOf(run, 'time', [2, 4, 6, 8]);
  expect(xs[2]).toBeGreaterThan(xs[1]!);
  expect(xs[2]).toBeCloseTo(2, 6);
});

it('labels and words tell the unit', () => {
  expect([xLabel('samples', 12000), xLabel('time', 62), xLabel('epoch', 0.25), xLabel('step', 0.5)]).toEqual([
    '12,000',
    '1m 2s',
    '0.25',
    '',
  ]);
  expect(xInWords('epoch', 1.4, 7)).toBe('step 7, epoch 1.40');
});
