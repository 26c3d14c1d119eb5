import { describe, expect, it } from 'vitest';
import type { Change } from '../../shared/status/monitoring.js';
import { Control } from './control.js';
import { Progress } from './progress.js';

let time = 0;

function parts() {
  const told: string[] = [];
  const progress = new Progress(0, true);
  progress.state = 'training';
  return {
    told,
    progress,
    clock: { now: () => time },
    pipeline: { isFinite: () => true },
    record: {
      change: (change: Change) => void told.push(`${change.what} at ${change.step}`),
      checkpoint: () => void told.push('checkpoint'),
      settled: async () => void told.push('settled'),
    },
  };
}
const never = new AbortController().signal;
/** Halves the peak at each step. */
const schedule = (peak: number) => (step: number) => peak / 2 ** step;
const control = (changes: Change[] = []) => new Control({ schedule, peak: 8, changes });

describe('between two steps', () => {
  it('nothing waits when nothing was asked for', async () => {
    const between = parts();
    await control().betweenSteps(between, never);
    expect([between.told, between.progress.state]).toEqual([[], 'training']);
  });

  it('a pause holds the run until it is resumed, and checkpoints are made meanwhile', async () => {
    const between = parts();
    const own = control();
    between.progress.step = 5;
    own.request({ what: 'pause' });
    const passed = own.betweenSteps(between, never);
    expect(between.progress.state).toBe('paused');
    time += 60_000;
    own.request({ what: 'checkpoint' });
    await Promise.resolve();
    own.request({ what: 'resume' });
    await passed;
    expect(between.told).toEqual(['pause at 5', 'settled', 'checkpoint', 'resume at 5']);
    // A pause is no time that the run has taken.
    expect(between.progress.seconds(time + 1000)).toBe(1);
    expect(between.progress.state).toBe('training');
  });

  it('a pause ends when the run is stopped', async () => {
    const own = control();
    const stop = new AbortController();
    own.request({ what: 'pause' });
    const passed = own.betweenSteps(parts(), stop.signal);
    stop.abort();
    await passed;
  });

  it('weights that are not finite are not kept', async () => {
    const between = { ...parts(), pipeline: { isFinite: () => false } };
    const own = control();
    own.request({ what: 'checkpoint' });
    await own.betweenSteps(between, never);
    expect(between.told).toEqual(['settled']);
  });
});

describe('the learning rate', () => {
  it('follows its course, with the new peak from the step of the change on', async () => {
    const between = parts();
    const own = control();
    between.progress.step = 2;
    own.request({ what: 'learning-rate', learningRate: 100 });
    expect(own.learningRate(2)).toBe(2);
    await own.betweenSteps(between, never);
    expect([0, 1, 2, 3].map((step) => own.learningRate(step))).toEqual([8, 4, 25, 12.5]);
  });

  it('changes at the same step again when the run is resumed before it', () => {
    const own = control([{ step: 3, what: 'learning-rate', learningRate: 80 }]);
    expect([2, 3, 4].map((step) => own.learningRate(step))).toEqual([2, 10, 5]);
  });

  it('takes the later one of two wishes, also where the earlier one is for a later step', () => {
    const own = control([
      { step: 3, what: 'learning-rate', learningRate: 80 },
      { step: 1, what: 'learning-rate', learningRate: 16 },
    ]);
    expect([0, 1, 3].map((step) => own.learningRate(step))).toEqual([8, 8, 2]);
  });
});
