import { describe, expect, it } from 'vitest';
import { DivergedError } from '../run/execute.js';
import { Progress } from '../run/progress.js';
import type { Run } from '../run/run.js';
import { Watching } from '../run/watch/watching.js';
import { runFolder } from './folder/run-folder.js';
import { lastWords, reasonOf } from './last-words.js';

const folder = runFolder('/runs/one');
const last = { step: 40, path: '/runs/one/checkpoints/step-40.ckpt' };
const RESUME = 'npx swarmgrad coordinator --run-dir /runs/one --resume';
const BEST =
  'npx swarmgrad export /runs/one --weights best --to /runs/one/best, then train with --from /runs/one/best';

/** A run of three steps, with a rate of 0.002. @param isWatched it has kept the weights of step 2 as its best */
function run(isWatched: boolean): Run {
  const best = { figure: 'loss', minDelta: 0, patience: undefined } as const;
  const progress = new Progress(0, 1, new Watching(isWatched ? { best } : {}));
  for (let step = 1; step <= 3; step++) progress.stepped({ samples: 1, loss: 1, metric: 1 }, step);
  for (const [step, loss] of [
    [1, 9],
    [2, 1],
    [3, 5],
  ] as const)
    progress.evaluated(step, { samples: 1, loss, metric: 1 });
  return { progress, control: { peak: 0.002 }, metric: 'accuracy', options: { steps: 10 } } as Run;
}

describe('a run that has diverged', () => {
  const diverged = { how: 'failed', error: new DivergedError('loss NaN') } as const;

  it('tells how it goes on from its last checkpoint, with a tenth of the learning rate', () => {
    expect(reasonOf(diverged, run(false), folder, last)).toBe(
      `failed at step 3: loss NaN; the last good checkpoint is ${last.path}; try a lower --lr, --warmup-steps or --clip-norm 1; to go on from there more slowly: ${RESUME} --resume-lr 0.0002`,
    );
  });

  it('tells how its best weights are taken up again, where it has kept them', () => {
    expect(reasonOf(diverged, run(true), folder, last)).toMatch(
      new RegExp(`to roll back to the best weights, of step 2: ${BEST}$`),
    );
  });

  it('offers no resume where there is nothing to resume from', () => {
    expect(reasonOf(diverged, run(false), folder, undefined)).not.toContain('--resume');
  });
});

it('a run that was stopped tells how it goes on, and how from its best weights', () => {
  const stopped = { status: 'stopped' } as Parameters<typeof lastWords>[0];
  expect(lastWords(stopped, run(false), folder, { ...last, step: 3 })).toBe(
    `stopped at step 3; to go on: ${RESUME}`,
  );
  expect(lastWords(stopped, run(true), folder, { ...last, step: 3 })).toMatch(new RegExp(`${BEST}$`));
});
