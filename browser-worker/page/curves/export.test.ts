import { expect, it } from 'vitest';
import type { CurveRun } from './curve-data.js';
import { csvOf, jsonOf, rowsOf } from './export.js';

const column = (values: number[]) => ({ min: values, max: values, mean: values });
const run: CurveRun = {
  ...{ id: '0', name: '=cmd, "a"', color: 'train', stepsPerEpoch: 4 },
  view: {
    ...{ metric: 'accuracy', every: 2, evaluatedOn: 'test', changes: [] },
    curve: {
      ...{ step: [2, 4], samples: [20, 40], time: [1, 3], loss: column([2, Number.NaN]) },
      ...{ metric: column([0.1, 0.2]), learningRate: column([1, 1]), gradientNorm: column([5, 6]) },
    },
    evaluations: { step: [3, 4], loss: column([1.5, 1]), metric: column([0.3, 0.4]) },
  },
};

it('has a row for each bucket, and one for an evaluation between two', () => {
  expect(
    rowsOf([run], 'loss').map(({ step, samples, epoch, seconds, mean, evaluated }) => [
      ...[step, samples, epoch, seconds],
      ...[mean, evaluated],
    ]),
  ).toEqual([
    [2, 20, 0.5, 1, 2, null],
    [3, 30, 0.75, 2, Number.NaN, 1.5],
    [4, 40, 1, 3, Number.NaN, 1],
  ]);
  expect(rowsOf([run], 'gradientNorm').map(({ mean, evaluated }) => [mean, evaluated])).toEqual([
    [5, null],
    [6, null],
  ]);
});

it('is written as CSV that no spreadsheet computes, and as JSON, without what is no number', () => {
  const rows = rowsOf([run], 'loss');
  expect(csvOf(rows).split('\r\n').slice(0, 3)).toEqual([
    'run,step,samples,epoch,seconds,mean,min,max,evaluated',
    `"'=cmd, ""a""",2,20,0.5,1,2,2,2,`,
    `"'=cmd, ""a""",3,30,0.75,2,,,,1.5`,
  ]);
  expect(JSON.parse(jsonOf(rows))[1]).toMatchObject({ step: 3, mean: null, evaluated: 1.5 });
});
