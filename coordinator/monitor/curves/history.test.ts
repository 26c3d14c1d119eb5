import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../test/support/cluster/cluster.js';
import { History, readHistory } from './history.js';

const entry = (step: number) => ({
  step,
  loss: 1 / step,
  metric: step / 1000,
  learningRate: 0.1,
  gradientNorm: Math.sqrt(step),
  samples: 32,
  time: step / 2,
});

describe('the history of a run', () => {
  it('gives every step while they are few', () => {
    const history = new History('accuracy');
    for (let step = 1; step <= 100; step++) history.step(entry(step));
    const { every, curve } = history.view({});
    expect(every).toBe(1);
    expect(curve.step).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
    expect(curve.loss.mean).toEqual(curve.step.map((step) => 1 / step));
    expect(curve.gradientNorm.max).toEqual(curve.step.map((step) => Math.sqrt(step)));
    expect(curve.samples).toEqual(curve.step.map((step) => 32 * step));
    expect(curve.time).toEqual(curve.step.map((step) => step / 2));
  });

  it('gives no more points than it is asked for, and goes on with a curve where it ended', () => {
    const history = new History('accuracy');
    for (let step = 1; step <= 1000; step++) history.step(entry(step));
    const first = history.view({ points: 100 });
    expect(first.curve.step.length).toBeLessThanOrEqual(100);
    for (let step = 1001; step <= 1040; step++) history.step(entry(step));
    const last = first.curve.step.at(-1)!;
    const begin = last - ((last - 1) % first.every);
    const tail = history.view({ from: begin, every: first.every });
    expect(tail.every).toBe(first.every);
    const kept = first.curve.step.filter((step) => step < begin);
    const all = history.view({ every: first.every });
    expect([...kept, ...tail.curve.step]).toEqual(all.curve.step);
    expect(tail.curve.loss.mean).toEqual(all.curve.loss.mean.slice(kept.length));
  });

  it('shows more of a shorter range', () => {
    const history = new History('accuracy');
    for (let step = 1; step <= 5000; step++) history.step(entry(step));
    const { every, curve } = history.view({ from: 2000, to: 2100, points: 200 });
    expect(every).toBe(1);
    expect(curve.step).toEqual(Array.from({ length: 101 }, (_, i) => 2000 + i));
  });

  it('is the same when it is read from metrics.jsonl, up to a step; changes of later steps are kept', async () => {
    const path = join(await temporaryFolder(), 'metrics.jsonl');
    const lines = [
      { type: 'step', epoch: 1, ...entry(1), metric: undefined, accuracy: 0.5, time: 1 },
      { type: 'change', step: 1, what: 'learning-rate', learningRate: 0.2, time: 1.5 },
      { type: 'step', epoch: 1, ...entry(2), metric: undefined, accuracy: 0.75, time: 2 },
      { type: 'evaluation', step: 2, epoch: 1, loss: 0.3, accuracy: 0.8, samples: 10, time: 2 },
      { type: 'step', epoch: 1, ...entry(3), metric: undefined, accuracy: 0.9, time: 3 },
      { type: 'change', step: 3, what: 'pause', time: 3.5 },
    ];
    await writeFile(path, `${lines.map((line) => JSON.stringify(line)).join('\n')}\n{"type":"step","st`);
    const history = new History('accuracy');
    const last = await readHistory(path, history, 'accuracy', 2);
    const { curve, evaluations, changes } = history.view({});
    expect(last).toMatchObject({ step: 2, metric: 0.75 });
    expect(curve.step).toEqual([1, 2]);
    expect(curve.metric.mean).toEqual([0.5, 0.75]);
    expect([curve.samples, curve.time]).toEqual([
      [32, 64],
      [1, 2],
    ]);
    expect(evaluations).toMatchObject({ step: [2], metric: { mean: [0.8] } });
    expect(changes).toEqual([
      { step: 1, what: 'learning-rate', learningRate: 0.2 },
      { step: 3, what: 'pause' },
    ]);
  });

  it('tells of which set its evaluations are', async () => {
    const path = join(await temporaryFolder(), 'metrics.jsonl');
    const line = { type: 'evaluation', step: 2, loss: 1, accuracy: 0.5, samples: 9 };
    const evaluatedOn = async (...lines: object[]) => {
      await writeFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
      const history = new History('accuracy');
      await readHistory(path, history, 'accuracy');
      return history.view({}).evaluatedOn;
    };
    expect(await evaluatedOn({ ...line, set: 'validation' }, { ...line, type: 'test' })).toBe('validation');
    // By an older version.
    expect(await evaluatedOn(line)).toBe('test');
  });

  it('of a run without a file is empty', async () => {
    const history = new History('meanAbsoluteError');
    expect(
      await readHistory(join(await temporaryFolder(), 'none'), history, 'meanAbsoluteError'),
    ).toBeUndefined();
    expect(history.view({})).toMatchObject({ curve: { step: [] }, evaluations: { step: [] } });
  });
});
