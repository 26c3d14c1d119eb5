import { describe, expect, it } from 'vitest';
import { Course } from './course.js';
import { healthOf, type Signs } from './health.js';

/** A course of steps with these losses, of equal samples, and of evaluations by step. */
function courseOf(
  losses: readonly number[],
  evaluations: readonly (readonly [step: number, value: number])[] = [],
) {
  const course = new Course('accuracy');
  for (const [i, loss] of losses.entries()) course.step({ step: i + 1, samples: 10, loss, metric: 0.5 });
  for (const [step, metric] of evaluations) course.evaluation({ step, metric });
  return course;
}

const times = (count: number, value: number) => new Array<number>(count).fill(value);
const falling = (count: number, from: number) =>
  Array.from({ length: count }, (_, i) => from / (1 + 0.05 * i));

const healthy = (course: Course, signs: Partial<Signs> = {}) =>
  healthOf({ state: 'training', reason: '', silentSeconds: null, course, ...signs });

describe('the course of a run', () => {
  it('has the means over the samples of the last fifty steps, however short the last batch is', () => {
    const course = new Course('accuracy');
    expect(course.lately()).toBeNull();
    for (let step = 0; step < 100; step++)
      course.step({ step: step + 1, samples: 128, loss: step, metric: 0.5 });
    course.step({ step: 101, samples: 32, loss: 100, metric: 1 });
    const samples = 49 * 128 + 32;
    const loss = Array.from({ length: 49 }, (_, i) => 128 * (51 + i)).reduce((sum, each) => sum + each, 3200);
    expect(course.lately()).toEqual({ samples, loss: loss / samples, metric: (49 * 64 + 32) / samples });
  });

  it('keeps where the loss began and how low it came, and nothing before there are fifty steps', () => {
    const course = courseOf(times(49, 2));
    expect([course.first, course.lowest]).toEqual([undefined, undefined]);
    const later = courseOf([...times(50, 2), ...times(50, 1), ...times(50, 3)]);
    expect([later.first, later.lowest]).toEqual([2, { step: 100, loss: 1 }]);
  });

  it('forgets a spike as soon as it is fifty steps ago, rounding included', () => {
    const course = courseOf([...times(60, 0.5), 1e17, ...times(50, 0.25)]);
    expect(course.lately()!.loss).toBe(0.25);
  });

  it('knows the best evaluation, and takes no step twice', () => {
    const { watched, latest } = courseOf(
      [],
      [
        [10, 0.5],
        [20, 0.75],
        [30, 0.625],
        [30, 0.875],
      ],
    );
    expect(watched).toMatchObject({ figure: 'accuracy', best: { step: 20, value: 0.75 }, waited: 1 });
    expect(latest).toEqual({ step: 30, value: 0.625 });
  });

  it('takes the least mean error for the best', () => {
    const course = new Course('meanAbsoluteError');
    for (const [step, metric] of [
      [1, 3],
      [2, 2],
      [3, 4],
    ] as const)
      course.evaluation({ step, metric });
    expect(course.watched).toMatchObject({ figure: 'mae', best: { step: 2, value: 2 } });
  });
});

describe('the health of a run', () => {
  it.each<[string, Course, Partial<Signs>, string, RegExp]>([
    ['begins', courseOf([]), {}, 'ok', /^no step yet$/],
    ['has made few steps', courseOf([3, 2]), {}, 'ok', /^the first steps$/],
    ['learns', courseOf(falling(200, 2)), {}, 'ok', /^training loss 0\.2\d+, at first 1\.\d+$/],
    [
      'came down from a spike',
      courseOf([...falling(100, 2), 1e14, ...falling(60, 0.3)]),
      {},
      'ok',
      /^training/,
    ],
    [
      'has lost what it had learned, to a loss of 1e14',
      courseOf([...falling(200, 2), ...times(50, 1e14)]),
      {},
      'diverging',
      /^training loss 1\.000e\+14, after 0\.2\d+ at step 200$/,
    ],
    [
      'answers by chance again',
      courseOf([...falling(200, 2), ...times(50, 2.3)]),
      {},
      'diverging',
      /^training loss 2\.300/,
    ],
    [
      'never learned anything',
      courseOf(Array.from({ length: 300 }, (_, i) => 2.3 + 0.01 * (i % 3))),
      {},
      'plateau',
      /^training loss never far below 2\.3\d+, where it began$/,
    ],
    ['has losses below 0 that fall', courseOf(falling(200, -2).reverse()), {}, 'ok', /^training/],
    ['has losses below 0 that rise', courseOf(falling(200, -2)), {}, 'diverging', /^training/],
    [
      'scores far below its best',
      courseOf(falling(60, 2), [
        [20, 0.9],
        [40, 0.84],
      ]),
      {},
      'worse',
      /^accuracy 84\.00 %, after 90\.00 % at step 20$/,
    ],
    [
      'scores a little below its best',
      courseOf(falling(60, 2), [
        [20, 0.9],
        [40, 0.86],
      ]),
      {},
      'ok',
      /^training/,
    ],
    [
      'has not got better',
      courseOf(
        falling(60, 2),
        [1, 2, 3, 4, 5, 6].map((at) => [at, 0.9] as const),
      ),
      {},
      'plateau',
      /^no better accuracy for 5 evaluations$/,
    ],
    ['stands still', courseOf(falling(60, 2)), { silentSeconds: 75 }, 'stalled', /^no step for 1m 15s$/],
    [
      'waits for workers',
      courseOf(falling(60, 2)),
      { state: 'waiting', silentSeconds: 75 },
      'stalled',
      /^no step for 1m 15s: nobody computes$/,
    ],
    [
      'has failed',
      courseOf(falling(60, 2)),
      { state: 'failed', reason: 'the disk is full' },
      'failed',
      /^the disk is full$/,
    ],
  ])('of one that %s', (_what, course, signs, state, reason) => {
    const health = healthy(course, signs);
    expect(health.state).toBe(state);
    expect(health.reason).toMatch(reason);
  });
});
