/** A run from its files, while they grow and after its end. */
import { appendFile, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LockWatch } from '../../coordinator/monitor/stored/stored-end.js';
import { openStoredRun } from '../../coordinator/monitor/stored/stored-run.js';
import { MetricsTail } from '../../coordinator/record/folder/metrics-tail.js';
import { temporaryFolder } from '../support/cluster/cluster.js';
import { happened, smallRun } from '../support/cluster/small-run.js';

describe('a run from its files', () => {
  it('knows all its steps from the epochs, follows new lines, and ends as the run does', async () => {
    const run = await smallRun({ epochs: 3, checkpointEvery: 1 });
    run.work();
    await happened(run, ({ type }) => type === 'checkpoint');
    const stored = await openStoredRun(run.runDir, '0');
    expect(stored.status().steps).toBe(6);
    await run.finished;
    await run.close();
    await stored.refresh();
    const status = stored.status();
    expect(status).toMatchObject({ state: 'finished', step: 6, steps: 6, metric: 'accuracy' });
    expect(stored.history.view({}).curve.step).toEqual([1, 2, 3, 4, 5, 6]);
    expect(status.workers).toMatchObject([
      { name: 'honest', engine: 'light', state: 'finished', samples: 3 * 64 },
    ]);
    // The last steps are kept for it too, with the shares of each worker's time.
    expect(stored.timeline().steps.at(-1)).toMatchObject({ step: 6 });
    expect(stored.timeline().workers).toMatchObject([{ name: 'honest' }]);
    // Who watched it live sees the same rows, and the same numbers.
    const live = run.status();
    expect(live.workers).toEqual(status.workers);
    for (const name of ['loss', 'accuracy', 'samplesPerSecond', 'learningRate', 'seconds'] as const)
      expect(live[name], name).toBeCloseTo(status[name]!, 9);
    expect(status.samplesPerSecond).toBeCloseTo((3 * 64) / status.seconds, 9);
  });

  it('is under way while its coordinator touches the lock, whatever an earlier end tells', async () => {
    const run = await smallRun({ steps: 2, epochs: undefined });
    run.work();
    await run.finished;
    await run.close();
    const lock = join(run.runDir, 'coordinator.lock');
    await writeFile(lock, '{}');
    const stored = await openStoredRun(run.runDir, '0');
    expect(stored.status()).toMatchObject({ state: 'training', step: 2 });
    const lines = (await readFile(join(run.runDir, 'metrics.jsonl'), 'utf8'))
      .split('\n')
      .filter((text) => text.includes('"type":"step"'))
      .map((text) => JSON.parse(text));
    const next = { ...lines[1], step: 3, loss: 0.125, learningRate: 0.25 };
    await appendFile(join(run.runDir, 'metrics.jsonl'), `${JSON.stringify(next)}\n`);
    await stored.refresh();
    const loss = expect.closeTo((lines[0].loss + lines[1].loss + 0.125) / 3, 9);
    expect(stored.status()).toMatchObject({ step: 3, loss, learningRate: 0.25 });
    await rm(lock);
    await stored.refresh();
    expect(stored.status().state).toBe('finished');
  });
});

describe('the tail of metrics.jsonl', () => {
  it('gives each line once, when it is whole, and all again of a file that was replaced', async () => {
    const path = join(await temporaryFolder(), 'metrics.jsonl');
    const lines: string[] = [];
    let restarts = 0;
    const tail = new MetricsTail(path);
    const look = () =>
      tail.read(
        (line) => lines.push(line),
        () => restarts++,
      );
    await look();
    await writeFile(path, 'one\ntwo\nth');
    await look();
    expect(lines).toEqual(['one', 'two']);
    await appendFile(path, 'ree\n');
    await look();
    await look();
    expect(lines).toEqual(['one', 'two', 'three']);
    expect(restarts).toBe(0);
    await writeFile(path, 'one\nother\n');
    await look();
    expect(lines.slice(3)).toEqual(['one', 'other']);
    expect(restarts).toBe(1);
  });
});

describe('a lock that is watched', () => {
  it('has an owner as long as it changes, by whichever clock', async () => {
    const path = join(await temporaryFolder(), 'lock');
    let now = 1_000_000_000_000;
    const watch = new LockWatch(path, () => now, { now: () => now });
    expect(await watch.look()).toBe(false);
    await writeFile(path, '');
    // The owner's clock is years behind.
    await utimes(path, 1000, 1000);
    expect((await stat(path)).mtimeMs).toBe(1_000_000);
    await watch.look();
    await utimes(path, 1002, 1002);
    expect(await watch.look()).toBe(true);
    now += 5_000;
    expect(await watch.look()).toBe(true);
    now += 5_000;
    expect(await watch.look()).toBe(false);
  });

  it('is judged by no clock that is put back or forward meanwhile', async () => {
    const path = join(await temporaryFolder(), 'lock');
    await writeFile(path, '');
    let [wall, time] = [(await stat(path)).mtimeMs, 0];
    const watch = new LockWatch(path, () => wall, { now: () => time });
    expect(await watch.look()).toBe(true);
    // An hour ahead: whoever lives, lives.
    wall += 3_600_000;
    time += 1000;
    expect(await watch.look()).toBe(true);
    // Two hours back: whoever is dead, is dead.
    wall -= 7_200_000;
    time += 10_000;
    expect(await watch.look()).toBe(false);
    await utimes(path, 1000, 1000);
    expect(await watch.look()).toBe(true);
  });
});
