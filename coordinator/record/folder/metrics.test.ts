import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { FaultyDisk } from '../../../test/support/files/faulty-disk.js';
import { temporaryFolder } from '../../../test/support/files/temporary-folder.js';
import { MetricsLog } from './metrics.js';

const root = temporaryFolder();
let files = 0;
const newPath = () => join(root, `${files++}.jsonl`);

const stepEntry = (step: number) => ({
  step,
  epoch: 1,
  loss: 1 / step,
  metric: 0.5,
  learningRate: 0.1,
  gradientNorm: 2,
  samples: 128,
  time: step,
});
const evaluationEntry = (step: number) => ({
  set: 'test' as const,
  step,
  epoch: 1,
  loss: 0.25,
  metric: 0.75,
  samples: 2000,
  time: step,
});

async function record(path: string, from: number, to: number): Promise<void> {
  const log = await MetricsLog.open(path, from, 'accuracy', fail);
  for (let step = from + 1; step <= to; step++) {
    log.step(stepEntry(step));
    if (step % 4 === 0) log.evaluation(evaluationEntry(step));
  }
  await log.close();
}

const linesOf = (path: string) =>
  readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));

describe('the metrics of a run', () => {
  it('are without the test of an end that is made anew', async () => {
    const path = newPath();
    const log = await MetricsLog.open(path, 0, 'accuracy', fail);
    log.step(stepEntry(1));
    log.finalTest(evaluationEntry(1));
    await log.close();
    expect(linesOf(path).map(({ type }) => type)).toEqual(['step', 'test']);
    await record(path, 1, 2);
    expect(linesOf(path).map(({ type }) => type)).toEqual(['step', 'step']);
  });

  it('are one line a step and one an evaluation, the metric under its name', async () => {
    const path = newPath();
    await record(path, 0, 4);
    const lines = linesOf(path);
    expect(lines.map(({ type, step }) => [type, step])).toEqual([
      ['step', 1],
      ['step', 2],
      ['step', 3],
      ['step', 4],
      ['evaluation', 4],
    ]);
    const { metric: accuracy, ...rest } = stepEntry(1);
    expect(lines[0]).toEqual({ type: 'step', accuracy, ...rest });
  });

  it('of a resumed run equal those of an undisturbed one', async () => {
    const [undisturbed, resumed] = [newPath(), newPath()];
    await record(undisturbed, 0, 20);
    await record(resumed, 0, 13);
    // Killed while it wrote a line; the last checkpoint was at step 8.
    appendFileSync(resumed, '{"type":"step","st');
    await record(resumed, 8, 20);
    expect(readFileSync(resumed, 'utf8')).toBe(readFileSync(undisturbed, 'utf8'));
  });

  it('of a run started anew from step 0 forget what was there', async () => {
    const path = newPath();
    await record(path, 0, 5);
    await record(path, 0, 2);
    expect(linesOf(path)).toHaveLength(2);
  });

  it('are all in the file after a flush', async () => {
    const path = newPath();
    const log = await MetricsLog.open(path, 0, 'meanAbsoluteError', fail);
    log.step(stepEntry(1));
    expect(readFileSync(path, 'utf8')).toBe('');
    await log.flush();
    expect(linesOf(path)).toMatchObject([{ step: 1, meanAbsoluteError: 0.5 }]);
    await log.close();
  });

  it('survive a disk that is full for a while: one warning, no line lost or doubled', async () => {
    const path = newPath();
    const warnings: string[] = [];
    const log = await MetricsLog.open(path, 0, 'accuracy', (text) => warnings.push(text));
    log.step(stepEntry(1));
    await log.flush();
    const file = await open(newPath(), 'w');
    const handle = Object.getPrototypeOf(file);
    await file.close();
    const original = handle.write;
    const write = vi.spyOn(handle, 'write').mockImplementation(async function (
      this: unknown,
      ...args: unknown[]
    ) {
      // The disk takes some bytes before it refuses.
      await original.call(this, args[0], 0, 10, args[3]);
      throw new Error('ENOSPC: no space left on device');
    });
    for (const step of [2, 3]) {
      log.step(stepEntry(step));
      await log.flush();
    }
    write.mockRestore();
    log.step(stepEntry(4));
    await log.close();
    expect(warnings).toEqual([expect.stringContaining('ENOSPC')]);
    expect(linesOf(path).map(({ step }) => step)).toEqual([1, 2, 3, 4]);
  });

  it('of a change are on the disk, and not only written, before anything else is done', async () => {
    const dir = newPath();
    mkdirSync(dir);
    const faulty = new FaultyDisk(dir);
    onTestFinished(() => faulty.remove());
    const log = await MetricsLog.open(join(dir, 'metrics.jsonl'), 0, 'accuracy', fail);
    const kept = () => faulty.durable.get('metrics.jsonl')!.toString();
    log.step(stepEntry(1));
    await log.flush();
    expect(kept()).toBe('');
    log.change({ step: 1, what: 'learning-rate', learningRate: 0.5, time: 1 });
    await log.flush();
    expect(kept().trim().split('\n')).toHaveLength(2);
    await log.close();
  });

  it('that the system could not bring to the disk are given to it again', async () => {
    const dir = newPath();
    mkdirSync(dir);
    const faulty = new FaultyDisk(dir);
    onTestFinished(() => faulty.remove());
    const log = await MetricsLog.open(join(dir, 'metrics.jsonl'), 0, 'accuracy', fail);
    log.step(stepEntry(1));
    faulty.fails = (call) => (faulty.calls[call]!.startsWith('fsync') ? 'EIO' : undefined);
    expect(await log.sync()).toMatchObject({ code: 'EIO' });
    faulty.fails = () => undefined;
    const before = faulty.calls.length;
    expect(await log.sync()).toBeUndefined();
    expect(faulty.calls.slice(before).map((call) => call.split(' ')[0])).toEqual(['write', 'fsync']);
    await log.close();
    expect(linesOf(join(dir, 'metrics.jsonl'))).toHaveLength(1);
  });

  it('keep good lines behind a damaged one', async () => {
    const path = newPath();
    writeFileSync(path, '{"step":1}\n\0\0\0\n{"step":2}\n{"step":3}\n');
    await record(path, 2, 2);
    expect(linesOf(path)).toEqual([{ step: 1 }, { step: 2 }]);
  });
});

function fail(text: string): void {
  throw new Error(`not expected: ${text}`);
}
