import { describe, expect, it } from 'vitest';
import type { Change } from '../../shared/status/monitoring.js';
import { Control } from './control.js';
import { Progress } from './progress.js';

let time = 0;

function parts() {
  const told: string[] = [];
  const progress = new Progress(0);
  progress.state = 'training';
  return {
    told,
    progress,
    clock: { now: () => time },
    pipeline: { state: { isFinite: () => true } },
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
    const between = { ...parts(), pipeline: { state: { isFinite: () => false } } };
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

describe('a run that lowers its own rate', () => {
  const lower = (own: Control, step: number) => {
    const told: Change[] = [];
    own.lower(step, (peak) => peak / 4, { ...parts().record, change: (change) => void told.push(change) });
    return told;
  };

  it('lowers the peak that holds at that step, from the next one on', () => {
    const own = control();
    expect(lower(own, 2)).toEqual([{ step: 2, what: 'learning-rate', learningRate: 2, by: 'plateau' }]);
    expect([1, 2, 3].map((step) => own.learningRate(step))).toEqual([4, 0.5, 0.25]);
  });

  it('does not overrule what an admin changes later, when it is done again after a resume', () => {
    const own = control([{ step: 5, what: 'learning-rate', learningRate: 64 }]);
    lower(own, 2);
    expect(own.changes.map(({ step }) => step)).toEqual([2, 5]);
    expect([2, 5].map((step) => own.learningRate(step))).toEqual([0.5, 2]);
    expect(lower(own, 6)[0]).toMatchObject({ learningRate: 16 });
  });

  it('does nothing where no other rate is asked for', () => {
    const own = control();
    own.lower(2, () => undefined, parts().record);
    expect(own.changes).toEqual([]);
  });
});
