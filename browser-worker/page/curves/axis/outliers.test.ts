import { expect, it } from 'vitest';
import { shownRange } from './outliers.js';

const loss = (runs: number[][], isLog = true) => shownRange(runs, { isLog, against: 'beginning' });

it('a run that learns is shown whole', () => {
  expect(loss([[2.3, 2.2, 1.4, 0.8, 0.3, 0.1]])).toEqual({ min: 0.1, max: 2.3, isCut: false });
});

it('what a run has diverged to does not stretch the axis, however much of it there is', () => {
  const learns = [2.3, 2.2, 1.4, 0.8];
  const range = loss([[...learns, 5, 1e6, 1e9, 1e13, Number.NaN, Number.POSITIVE_INFINITY]]);
  expect(range).toEqual({ min: 0.8, max: 5, isCut: true });
  // Beside another run too.
  expect(loss([learns, [2, 2, 2, 1e9]])).toEqual({ min: 0.8, max: 2.3, isCut: true });
});

it('one loss of nearly nothing does not take up the axis, and none of 0 is shown on a logarithmic one', () => {
  const losses = [...new Array<number>(299).fill(0.5), 1e-9];
  expect(loss([losses])).toEqual({ min: 0.5, max: 0.5, isCut: true });
  expect(loss([[...losses, 0]], false)).toEqual({ min: 0, max: 0.5, isCut: false });
  expect(loss([[0, 0]])).toBeUndefined();
  expect(loss([])).toBeUndefined();
});

it('norms of gradients are held against most of them, since they may begin small', () => {
  const norms = [0.1, 0.1, 0.1, ...new Array<number>(40).fill(1), 90];
  expect(shownRange([norms], { isLog: false, against: 'most' })).toEqual({ min: 0.1, max: 1, isCut: true });
});
