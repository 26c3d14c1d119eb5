import { describe, expect, it } from 'vitest';
import { Progress } from './progress.js';
import { Watching } from './watch/watching.js';

const sums = (samples: number, loss: number, metric: number) => ({ samples, loss, metric });

describe('progress', () => {
  it('counts steps and samples, and gives means of the latest step and of the epoch', () => {
    const progress = new Progress(0);
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

  it("gives the metric in the unit of the data: of standardized targets, the target's own", () => {
    const progress = new Progress(0, 80_000);
    progress.beginEpoch();
    progress.stepped(sums(10, 20, 5), 100);
    progress.evaluated(1, sums(4, 2, 1));
    expect(progress.latest).toEqual({ samples: 10, loss: 2, metric: 40_000 });
    expect(progress.train()).toEqual({ samples: 10, loss: 2, metric: 40_000 });
    expect(progress.test).toEqual({ samples: 4, loss: 0.5, metric: 20_000 });
  });

  it('measures samples a second over the last five seconds', () => {
    const progress = new Progress(0);
    expect(progress.samplesPerSecond(0)).toBe(0);
    progress.stepped(sums(100, 0, 0), 1000);
    expect(progress.samplesPerSecond(1000)).toBe(0);
    progress.stepped(sums(100, 0, 0), 2000);
    expect(progress.samplesPerSecond(2000)).toBe(100);
    // Ten times as fast from now on: the slow beginning fades.
    for (let at = 2100; at <= 9000; at += 100) progress.stepped(sums(100, 0, 0), at);
    expect(progress.samplesPerSecond(9000)).toBeCloseTo(1000, 6);
  });

  it('measures two steps at least, however slow they are', () => {
    const progress = new Progress(0);
    progress.stepped(sums(100, 0, 0), 0);
    progress.stepped(sums(100, 0, 0), 20_000);
    expect(progress.samplesPerSecond(20_000)).toBe(5);
  });

  it.each([
    ['fast steps', 100, 2000],
    ['slow steps', 4000, 12_000],
  ])('tells no rate of %s any more once none has come for as long as three take', (_, every, patience) => {
    const progress = new Progress(0);
    for (let step = 1; step <= 20; step++) progress.stepped(sums(100, 0, 0), every * step);
    const last = every * 20;
    expect(progress.samplesPerSecond(last + patience)).toBeGreaterThan(0);
    expect(progress.samplesPerSecond(last + patience + 1)).toBe(0);
    // Who has come back is measured with what came between.
    progress.stepped(sums(100, 0, 0), last + patience + every);
    expect(progress.samplesPerSecond(last + patience + every)).toBeGreaterThan(0);
  });

  it('knows for how long it has stood still, since a step or an evaluation, pauses left out', () => {
    const progress = new Progress(1000);
    expect(progress.secondsStill(3000)).toBe(2);
    progress.stepped(sums(100, 0, 0), 5000);
    expect(progress.secondsStill(6000)).toBe(1);
    progress.evaluated(1, sums(10, 1, 1), 'test', 9000);
    expect(progress.secondsStill(9500)).toBe(0.5);
    progress.pause(10_000);
    progress.goOn(50_000);
    expect(progress.secondsStill(51_000)).toBe(2);
  });

  it('leaves pauses out, of the time taken and of the rate', () => {
    const progress = new Progress(0);
    for (let at = 100; at <= 1000; at += 100) progress.stepped(sums(100, 0, 0), at);
    progress.pause(1000);
    expect([progress.samplesPerSecond(1001), progress.seconds(500_000)]).toEqual([0, 1]);
    progress.goOn(501_000);
    progress.stepped(sums(100, 0, 0), 501_100);
    expect(progress.samplesPerSecond(501_100)).toBeCloseTo(1000, 6);
    expect(progress.seconds(502_000)).toBe(2);
  });

  it('keeps the latest evaluation, and at which step it was', () => {
    const progress = new Progress(0);
    for (const [i, metric] of [0.5, 0.9, 0.7].entries()) progress.evaluated(i + 1, sums(10, 5, 10 * metric));
    expect(progress.evaluatedAt).toBe(3);
    expect(progress.test!.metric).toBe(0.7);
  });

  describe('that is watched', () => {
    const watch = { figure: 'loss', minDelta: 0, patience: 2 } as const;
    const watched = (losses: number[], how: { patience: number | undefined } = watch) => {
      const progress = new Progress(0, 1, new Watching({ best: { ...watch, ...how } }));
      const kept = losses.map((loss, at) => {
        progress.step = at + 1;
        return progress.evaluated(at + 1, sums(10, 10 * loss, 5), 'validation');
      });
      return { progress, kept };
    };

    it('keeps what is better, and says why it ends', () => {
      const { progress, kept } = watched([3, 2, 4, 2]);
      expect(kept).toEqual([true, true, false, false]);
      expect(progress.spent).toBe('no better loss for 2 evaluations: stopped at step 4, best at step 2');
      expect([progress.test, progress.validation!.loss]).toEqual([null, 2]);
      expect(watched([3, 2, 4, 2], { patience: 3 }).progress.spent).toBeUndefined();
      expect(watched([3, 4, 4, 4], { patience: undefined }).progress.spent).toBeUndefined();
    });

    it('tells in the end of the weights that it leaves', () => {
      const { progress } = watched([3, 2, 4]);
      progress.leaveBest();
      expect(progress.test).toEqual({ samples: 10, loss: 2, metric: 0.5, step: 2 });
      progress.tested(3, sums(4, 4, 2));
      expect(progress.test).toEqual({ samples: 4, loss: 1, metric: 0.5 });
    });

    it('goes on where it was stored, unless it is watched by another figure now', () => {
      const stored = JSON.parse(JSON.stringify(watched([3, 2, 4]).progress.store(0)));
      const same = new Progress(0, 1, new Watching({ best: watch }));
      same.restore(stored, 0);
      expect(same.evaluated(4, sums(10, 30, 5))).toBe(false);
      expect(same.spent).toContain('best at step 2');
      const other = new Progress(0, 1, new Watching({ best: { ...watch, figure: 'accuracy' } }));
      other.restore(stored, 0);
      expect(other.evaluated(4, sums(10, 30, 5))).toBe(true);
    });
  });

  it('goes on after a resume where it was stored, seconds included', () => {
    const before = new Progress(0);
    before.beginEpoch();
    before.stepped(sums(10, 20, 5), 1000);
    before.evaluated(1, sums(4, 2, 3));
    before.shards.counted = 8;
    const stored = JSON.parse(JSON.stringify(before.store(3000)));
    // What happens after the checkpoint is not in it.
    before.stepped(sums(10, 99, 0), 4000);
    const after = new Progress(0);
    after.restore(stored, 50_000);
    expect(after.store(50_000)).toEqual(stored);
    expect(after.seconds(52_000)).toBe(5);
    after.stepped(sums(10, 0, 5), 51_000);
    expect(after.train()).toEqual({ samples: 20, loss: 1, metric: 0.5 });
    expect(stored.epochSums.samples).toBe(10);
  });
});
