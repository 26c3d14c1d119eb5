import { expect, it } from 'vitest';
import { Recalls } from './recalls.js';

const two = { kind: 'class', classes: 2 } as const;

it('is the share of each class that was recognized, evaluation by evaluation', () => {
  const recalls = new Recalls(two);
  expect(recalls.view()).toBeNull();
  // Rows are what it is, columns what the model says.
  recalls.evaluation(10, [3, 1, 0, 2]);
  recalls.evaluation(20, [4, 0, 0, 0]);
  expect(recalls.view()).toEqual({
    step: [10, 20],
    classes: [
      [0.75, 1],
      [1, null],
    ],
  });
});

it('forgets every other evaluation where there are many, and keeps the first', () => {
  const recalls = new Recalls(two);
  for (let step = 1; step <= 1000; step++) recalls.evaluation(step, [step, 0, 0, 1]);
  const { step, classes } = recalls.view()!;
  expect(step.length).toBeLessThanOrEqual(200);
  expect([step[0], classes[0]!.length]).toEqual([1, step.length]);
  expect(step).toEqual([...step].sort((a, b) => a - b));
});

it('is nothing for numbers, and for too many classes', () => {
  const numbers = new Recalls({ kind: 'value' });
  numbers.evaluation(1, null);
  const many = new Recalls({ kind: 'class', classes: 1000 });
  many.evaluation(1, new Uint32Array(1e6));
  expect([numbers.view(), many.view()]).toEqual([null, null]);
});
