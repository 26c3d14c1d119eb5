/** A run that goes on is the one that was begun, or says in what it is not. */
import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { OwnDataSet } from '../../coordinator/prepare/data/arrays/own/own-data-set.js';
import type { Summary } from '../../coordinator/record/folder/summary.js';
import { type StartCoordinatorOptions, startCoordinator } from '../../coordinator/start.js';
import type { RunEvent } from '../../shared/status/events.js';
import { workHere } from '../support/cluster/worker-here.js';
import { temporaryFolder } from '../support/files/temporary-folder.js';

const root = temporaryFolder();
const csv = join(root, 'data.csv');
const rows = (sign: number) =>
  Array.from({ length: 32 }, (_, i) => `${sign * i},${(i * 7) % 5},${i % 2}\n`).join('');

async function lead(options: StartCoordinatorOptions): Promise<{ summary: Summary; events: RunEvent[] }> {
  const running = await startCoordinator({ port: 0, ...options });
  const events: RunEvent[] = [];
  running.onEvent((event) => events.push(event));
  workHere(running.url);
  const summary = await running.finished;
  await running.close();
  return { summary, events };
}
const warnings = (events: RunEvent[]) =>
  events.filter(({ type }) => type === 'warning').map(({ text }) => text);

let folders = 0;
/** A copy of a run of one epoch, two steps, that has finished. */
function finishedRun(): string {
  const copy = join(root, `copy-${folders++}`);
  cpSync(join(root, 'run'), copy, { recursive: true });
  return copy;
}

describe('a run that goes on', () => {
  beforeAll(async () => {
    writeFileSync(csv, rows(1));
    const data = `csv:${csv}?label=2&test=0.5`;
    const { summary } = await lead({
      ...{ data, model: 'linear', batchSize: 8, shards: 2, epochs: 1, schedule: 'cosine', lr: 0.1 },
      runDir: join(root, 'run'),
    });
    expect(summary).toMatchObject({ status: 'finished', steps: 2, reproducible: { holds: true } });
  });

  it('with the same data is the same run', async () => {
    const { summary, events } = await lead({ runDir: finishedRun(), resume: true });
    expect(warnings(events)).toEqual([]);
    expect(summary.reproducible.holds).toBe(true);
  });

  it('is the same run where its data has moved, though not before its first checkpoint', async () => {
    const moved = join(root, 'moved.csv');
    renameSync(csv, moved);
    const data = `csv:${moved}?label=2&test=0.5`;
    const runDir = finishedRun();
    const { summary, events } = await lead({ runDir, resume: true, data });
    expect(warnings(events)).toEqual([]);
    expect(summary.reproducible.holds).toBe(true);
    // From now on the run knows where it lies.
    expect((await lead({ runDir, resume: true })).summary.reproducible.holds).toBe(true);
    const begun = finishedRun();
    rmSync(join(begun, 'checkpoints'), { recursive: true });
    await expect(lead({ runDir: begun, resume: true, data })).rejects.toThrow(
      /^--data csv:.*: the run in .* has csv:/,
    );
    renameSync(moved, csv);
  });

  it.each([
    ['turned', rows(-1)],
    ['longer', `${rows(1)}1,2,0\n`],
    ['so short that the run is beyond its end', rows(1).slice(0, 60)],
  ])(
    'is refused where its data is %s, with both hashes, and nothing of it keeps running',
    async (_, text) => {
      const runDir = finishedRun();
      const [made, cleared] = [vi.spyOn(globalThis, 'setInterval'), vi.spyOn(globalThis, 'clearInterval')];
      writeFileSync(csv, text);
      await expect(lead({ runDir, resume: true })).rejects.toMatchObject({
        name: 'UserError',
        message: expect.stringMatching(
          /^--data csv:.*: the training set has changed since the run began: its SHA-256 was [0-9a-f]{64}, and is [0-9a-f]{64};/,
        ),
      });
      writeFileSync(csv, rows(1));
      const ended = cleared.mock.calls.map(([timer]) => timer);
      const timers = made.mock.results.map(({ value }) => value as NodeJS.Timeout);
      vi.restoreAllMocks();
      expect(timers.length).toBeGreaterThan(0);
      expect(timers.filter((timer) => timer.hasRef() && !ended.includes(timer))).toEqual([]);
      // It is as it was.
      expect((await lead({ runDir, resume: true })).summary.reproducible.holds).toBe(true);
    },
  );

  it("with a program's own data is the same run if they are given again, in whatever form, and refused else", async () => {
    const rows = Array.from({ length: 32 }, (_, i) => ({ x: [i / 7, (i * 7) % 5], y: i % 2 }));
    const own = (train: OwnDataSet['train'] = rows): OwnDataSet => ({
      train,
      ...{ test: 0.5, x: { shape: [2] }, label: { kind: 'class' } },
    });
    const runDir = join(root, 'own');
    const { summary } = await lead({
      ...{ data: own(), model: 'linear', batchSize: 8, shards: 2, epochs: 1, runDir },
    });
    expect(summary).toMatchObject({ status: 'finished', reproducible: { holds: true } });
    const { data: name } = JSON.parse(readFileSync(join(runDir, 'config.json'), 'utf8'));
    expect(name).toMatch(/^own:[0-9a-f]{64}$/);
    const flat = own({ x: Float64Array.from(rows.flatMap(({ x }) => x)), y: rows.map(({ y }) => y) });
    const again = await lead({ runDir, resume: true, data: flat });
    expect(warnings(again.events)).toEqual([]);
    expect(again.summary).toMatchObject({
      weightsSha256: summary.weightsSha256,
      reproducible: { holds: true },
    });
    await expect(lead({ runDir, resume: true })).rejects.toThrow(
      /own was started with a program's own data \(own:[0-9a-f]{64}\): resume it with the same data/,
    );
    const other = own(rows.map(({ x, y }) => ({ x, y: 1 - y })));
    await expect(lead({ runDir, resume: true, data: other })).rejects.toThrow(
      new RegExp(`their SHA-256 was ${name.slice(4)}, and is [0-9a-f]{64}; give the same data`),
    );
  });

  it('longer than it was says what becomes of the learning rate, and promises no more than is so', async () => {
    const { summary, events } = await lead({ runDir: finishedRun(), resume: true, epochs: 2 });
    expect(warnings(events)).toEqual([
      expect.stringMatching(
        /^the run has 4 steps now instead of 2, and its cosine learning rate .* goes from 0.05 to 0.05 after step 2; --resume-lr/,
      ),
    ]);
    expect(summary.reproducible).toEqual({
      holds: false,
      why: 'the cosine learning rate was laid over 2 steps until step 2, then over 4',
    });
  });

  it('longer than it was takes another peak of the learning rate by choice, and keeps it', async () => {
    const runDir = finishedRun();
    const { events } = await lead({ runDir, resume: true, epochs: 2, resumeLr: 0.01 });
    expect(warnings(events)).toEqual([]);
    const lines = readFileSync(join(runDir, 'metrics.jsonl'), 'utf8').trim().split('\n');
    const rates = lines.map((line) => JSON.parse(line)).filter(({ type }) => type === 'step');
    expect(rates[2].learningRate).toBeCloseTo(0.005);
    // The same call again changes nothing more.
    const again = await lead({ runDir, resume: true, resumeLr: 0.01 });
    expect(again.events.filter(({ type }) => type === 'change')).toEqual([]);
    expect(again.summary.reproducible.why).toMatch(/^the learning rate was changed after step 2/);
  });

  it('is refused where its configuration is not that of its checkpoint', async () => {
    const runDir = finishedRun();
    const config = join(runDir, 'config.json');
    writeFileSync(config, readFileSync(config, 'utf8').replace('"lr": 0.1', '"lr": 0.3'));
    await expect(lead({ runDir, resume: true })).rejects.toThrow(
      `${config} says lr 0.3, its checkpoint was made with 0.1`,
    );
  });
});
