import { describe, expect, it } from 'vitest';
import { Progress } from '../../coordinator/progress.js';

const sums = (samples: number, loss: number, metric: number) => ({ samples, loss, metric });

describe('progress', () => {
  it('counts steps and samples, and gives means of the latest step and of the epoch', () => {
    const progress = new Progress(0, true);
    expect([progress.latest, progress.train()]).toEqual([null, null]);
    progress.beginEpoch();
    progress.stepped(sums(10, 20, 5), 100);
    progress.stepped(sums(30, 20, 25), 200);
    expect([progress.step, progress.samplesTrained]).toEqual([2, 40]);
    expect(progress.latest).toEqual({ samples: 30, loss: 20 / 30, metric: 25 / 30 });
    // Of samples, not of steps.
    expect(progress.train()).toEqual({ samples: 40, loss: 1, metric: 0.75 });
    progress.beginEpoch();
    expect(progress.train()).toBeNull();
    expect(progress.samplesTrained).toBe(40);
  });

  it('measures samples a second over the last five seconds', () => {
    const progress = new Progress(0, true);
    expect(progress.samplesPerSecond()).toBe(0);
    progress.stepped(sums(100, 0, 0), 1000);
    expect(progress.samplesPerSecond()).toBe(0);
    progress.stepped(sums(100, 0, 0), 2000);
    expect(progress.samplesPerSecond()).toBe(100);
    // Ten times as fast from now on: the slow beginning fades.
    for (let at = 2100; at <= 9000; at += 100) progress.stepped(sums(100, 0, 0), at);
    expect(progress.samplesPerSecond()).toBeCloseTo(1000, 6);
  });

  it('measures two steps at least, however slow they are', () => {
    const progress = new Progress(0, true);
    progress.stepped(sums(100, 0, 0), 0);
    progress.stepped(sums(100, 0, 0), 20_000);
    expect(progress.samplesPerSecond()).toBe(5);
  });

  it.each([
    ['accuracy: the higher', true, [0.5, 0.9, 0.7], 2],
    ['mean absolute error: the lower', false, [0.5, 0.1, 0.3], 2],
    ['equals: the earlier', true, [0.5, 0.5, 0.5], 1],
  ])('keeps the best evaluation by its metric (%s)', (_, higherIsBetter, metrics, best) => {
    const progress = new Progress(0, higherIsBetter);
    for (const [i, metric] of metrics.entries()) progress.evaluated(i + 1, sums(10, 5, 10 * metric));
    expect(progress.best).toEqual({ step: best, samples: 10, loss: 0.5, metric: metrics[best - 1] });
    expect(progress.evaluatedAt).toBe(3);
    expect(progress.test!.metric).toBe(metrics[2]);
  });

  it('goes on after a resume where it was stored, seconds included', () => {
    const before = new Progress(0, true);
    before.beginEpoch();
    before.stepped(sums(10, 20, 5), 1000);
    before.evaluated(1, sums(4, 2, 3));
    before.shards.counted = 8;
    const stored = JSON.parse(JSON.stringify(before.store(3000)));
    // What happens after the checkpoint is not in it.
    before.stepped(sums(10, 99, 0), 4000);
    const after = new Progress(0, true);
    after.restore(stored, 50_000);
    expect(after.store(50_000)).toEqual(stored);
    expect(after.seconds(52_000)).toBe(5);
    after.stepped(sums(10, 0, 5), 51_000);
    expect(after.train()).toEqual({ samples: 20, loss: 1, metric: 0.5 });
    expect(stored.epochSums.samples).toBe(10);
  });
});
