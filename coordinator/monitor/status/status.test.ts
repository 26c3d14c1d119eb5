/** What a run tells of itself: numbers that mean the same everywhere, and nothing where there is nothing. */
import { describe, expect, it } from 'vitest';
import { Progress } from '../../run/progress.js';
import { Course } from '../../run/watch/course.js';
import { Worker } from '../../scheduling/worker.js';
import { Shares } from './shares.js';
import { type StatusParts, statusOf } from './status.js';

const STEPS = 100;

/** Ten steps of 100 samples, one each 100 ms; two workers, of which one has given three quarters. */
function parts(changes: Partial<StatusParts> = {}): StatusParts & { progress: Progress } {
  const progress = new Progress(0);
  progress.state = 'training';
  progress.beginEpoch();
  const course = new Course('accuracy');
  for (let step = 1; step <= 10; step++) {
    progress.stepped({ samples: 100, loss: 1000 * step, metric: 50 }, 100 * step);
    course.step({ step, samples: 100, loss: 10 * step, metric: 0.5 });
  }
  const connected = [750, 250].map((samples, id) => {
    const worker = new Worker({ id, name: `worker ${id}`, kind: 'node' }, 0);
    worker.synced(0);
    worker.lease();
    // Its speed while it computes is of no use to who asks how fast the run is.
    worker.credit({ samples, computeMs: (1000 * samples) / 4000, waitMs: 0, turnaroundMs: 0 });
    return worker;
  });
  const shares = new Shares();
  shares.look({ credited: 0, workers: [] });
  return {
    ...{ progress, course, connected, now: 1000, seconds: 1, bytes: { down: 0, up: 0 } },
    plan: { steps: STEPS, epoch: 1, batchSize: 100, metric: 'accuracy', learningRate: 0.125 },
    kept: KEPT,
    shareOf: (worker) => shares.of(worker, 1000),
    ...changes,
  } as StatusParts & { progress: Progress };
}

const KEPT: StatusParts['kept'] = {
  ...{ message: '', trouble: '', runDir: '/run', ended: undefined, reproducible: null },
  checkpoint: { step: null, secondsAgo: null, failures: 0 },
};

describe('the status of a run', () => {
  it('tells loss and metric over the last steps, the rate, the learning rate of the last step, and the rest', () => {
    expect(statusOf(parts())).toMatchObject({
      ...{ state: 'training', loss: 55, accuracy: 0.5, learningRate: 0.125 },
      ...{ samplesPerSecond: 1000, secondsLeft: 9 },
    });
  });

  it('divides the rate among the workers by what has counted of each', () => {
    expect(statusOf(parts()).workers.map(({ samplesPerSecond }) => samplesPerSecond)).toEqual([750, 250]);
  });

  it.each<[string, (given: StatusParts & { progress: Progress }) => Partial<StatusParts>]>([
    [
      'paused',
      ({ progress }) => {
        progress.state = 'paused';
        progress.pause(1000);
        return {};
      },
    ],
    ['left by all its workers', () => ({ connected: [] })],
    [
      'waiting for more workers',
      ({ progress }) => {
        progress.state = 'waiting';
        return {};
      },
    ],
    ['without a step for long', () => ({ now: 4000 })],
  ])('tells no rate and no end in sight of a run that is %s', (_what, change) => {
    const given = parts();
    const { samplesPerSecond, secondsLeft, workers } = statusOf({ ...given, ...change(given) });
    expect([samplesPerSecond, secondsLeft]).toEqual([0, null]);
    for (const worker of workers) expect(worker.samplesPerSecond).toBe(0);
  });

  it('tells of a run that is over what it was over its last epoch, and over all of its time', () => {
    const given = parts({ seconds: 20 });
    given.progress.state = 'finished';
    // A new epoch began with the last step.
    given.progress.beginEpoch();
    given.progress.stepped({ samples: 40, loss: 8, metric: 30 }, 1100);
    const totals = [780, 260].map((samples, i) => ({
      ...{ name: `worker ${i}`, kind: 'node' as const, engine: 'e', engineClass: 'e@1' },
      ...{ samples, contributions: 1 },
    }));
    const status = statusOf({
      ...given,
      kept: { ...KEPT, ended: { status: 'finished', workers: totals, weightsSha256: 'f00d' } },
    });
    expect(status).toMatchObject({ loss: 0.2, accuracy: 0.75, samplesPerSecond: 52, secondsLeft: null });
    expect(status.workers.map(({ samplesPerSecond }) => samplesPerSecond)).toEqual([39, 13]);
  });
});

describe('the share of a worker', () => {
  it('is of the last half minute, and those of all and of who has left add up to 1', () => {
    const shares = new Shares();
    const at = (second: number) => ({
      credited: 40 * second,
      workers: [
        { id: 1, samples: 30 * second },
        // Came in the 40th second.
        ...(second < 40 ? [] : [{ id: 2, samples: 10 * (second - 40) }]),
      ],
    });
    for (let second = 0; second <= 60; second++) shares.look(at(second));
    const { workers, credited } = at(61);
    // 30 looks, the oldest of second 31: 1,200 samples, of which another has given the ones of nine seconds.
    expect(workers.map((worker) => shares.of(worker, credited))).toEqual([900 / 1200, 210 / 1200]);
  });

  it('is nothing before anything has counted', () => {
    const shares = new Shares();
    expect(shares.of({ id: 1, samples: 0 }, 0)).toBe(0);
    shares.look({ credited: 5, workers: [] });
    expect(shares.of({ id: 1, samples: 0 }, 5)).toBe(0);
  });
});
