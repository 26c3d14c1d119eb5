import { expect, it } from 'vitest';
import type { StatusView } from '../../../../shared/status/monitoring.js';
import { figureOf } from './figure.js';

const none = {
  ...{ metric: 'accuracy', accuracy: null, meanAbsoluteError: null },
  ...{ testAccuracy: null, testMeanAbsoluteError: null },
  ...{ validationAccuracy: null, validationMeanAbsoluteError: null },
} as StatusView;

it('is of the test set, else of the validation set, else of the training', () => {
  const numbers = [
    none,
    { ...none, accuracy: 0.5 },
    { ...none, accuracy: 0.5, validationAccuracy: 0.25 },
    { ...none, accuracy: 0.5, validationAccuracy: 0.25, testAccuracy: 0.9861 },
  ].map((status) => figureOf(status as StatusView));
  expect(numbers.map(({ number }) => number)).toEqual(['–', '50.0', '25.0', '98.6']);
  expect(numbers.map(({ what }) => what.slice(0, 13))).toEqual([
    ...['Right while i', 'Right while i', 'Right on vali', 'Right on test'],
  ]);
});

it('of a regression is its error, without a hundred to be had', () => {
  const figure = figureOf({
    ...none,
    metric: 'meanAbsoluteError',
    testMeanAbsoluteError: 3.2345,
  } as StatusView);
  expect([figure.number, figure.of]).toEqual(['3.23', '']);
});
