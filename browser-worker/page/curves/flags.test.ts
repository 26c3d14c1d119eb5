import { expect, it } from 'vitest';
import type { Happening, LoggedEvent } from '../../../shared/status/events.js';
import { levelOf, told } from '../../../shared/status/events.js';
import type { HistoryView } from '../../../shared/status/monitoring.js';
import { bestOf, divergenceOf, flagsOf } from './flags.js';

const column = (values: number[]) => ({ min: values, max: values, mean: values });

const viewOf = (losses: number[], more: Partial<HistoryView> = {}): HistoryView => {
  const step = losses.map((_, i) => 10 * (i + 1));
  const flat = column(losses.map(() => 1));
  return {
    ...{ metric: 'accuracy', every: 10, evaluatedOn: 'test', changes: [] },
    curve: {
      ...{ step, samples: step, time: step, loss: column(losses) },
      ...{ metric: flat, learningRate: flat, gradientNorm: flat },
    },
    evaluations: { step: [], loss: column([]), metric: column([]) },
    ...more,
  };
};

const at = (happening: Happening, after: number | undefined, id: number): LoggedEvent => {
  const event = told(happening);
  return { ...event, id, at: 0, level: levelOf(event), ...(after === undefined ? {} : { after }) };
};
const joined = (worker: string): Happening => ({
  ...{ type: 'worker-joined', kind: 'node', engine: 'e', engineClass: 'e' },
  ...{ worker, workerId: 1, reason: '' },
});

it('tells what happened at which step, workers of one step together', () => {
  const events = [
    at(joined('early'), undefined, 0),
    at(joined('a'), 5, 1),
    at(joined('b'), 5, 2),
    at({ type: 'worker-left', worker: 'a', workerId: 1, code: 1006, reason: 'gone' }, 9, 3),
    at({ type: 'checkpoint', step: 7, path: '/c' }, 8, 4),
  ];
  const view = viewOf([2, 1], { changes: [{ step: 6, what: 'learning-rate', learningRate: 0.01 }] });
  expect(flagsOf(events, view)).toEqual([
    { step: 5, kind: 'joined', text: '2 workers joined' },
    { step: 6, kind: 'rate', text: 'learning rate 0.01' },
    { step: 7, kind: 'checkpoint', text: 'checkpoint at step 7' },
    { step: 9, kind: 'lost', text: 'a left' },
  ]);
});

it('a run has diverged where its loss rose above its beginning and stayed there', () => {
  expect(divergenceOf(viewOf([2, 2.3, 1.9, 1, 0.5, 9, 1e6, 1e9]))).toBe(50);
  expect(divergenceOf(viewOf([2, 2.3, 1.9, 1, 0.5, Number.NaN, Number.NaN, Number.NaN]))).toBe(50);
  // One spike, a run that only begins, and one that learns.
  expect(divergenceOf(viewOf([2, 2.3, 1.9, 1, 9, 9, 9, 0.5]))).toBeUndefined();
  expect(divergenceOf(viewOf([2, 9, 99]))).toBeUndefined();
  expect(divergenceOf(viewOf([2, 1.9, 1.8, 1, 0.5, 0.3]))).toBeUndefined();
});

it('the best evaluation has the greatest accuracy, the least error or the least loss, and is the first of equals', () => {
  const evaluations = {
    step: [10, 20, 30, 40],
    loss: column([3, Number.NaN, 1, 2]),
    metric: column([0.5, 0.9, 0.9, 0.8]),
  };
  const view = viewOf([1], { evaluations });
  expect(bestOf(view, 'loss')).toEqual({ step: 30, value: 1 });
  expect(bestOf(view, 'metric')).toEqual({ step: 20, value: 0.9 });
  expect(bestOf({ ...view, metric: 'meanAbsoluteError' }, 'metric')).toEqual({ step: 10, value: 0.5 });
  expect(bestOf(viewOf([1]), 'loss')).toBeUndefined();
});
