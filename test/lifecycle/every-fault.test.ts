/**
 * A whole run on a disk that fails at its n-th call, for every n, and on one that loses its power after each: what
 * comes of it is a whole run or a failure that says so, and the run that goes on has the bits of an undisturbed one.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { Prepared } from '../../coordinator/prepare/prepare.js';
import { readLatest } from '../../coordinator/record/checkpoint/reader.js';
import type { Summary } from '../../coordinator/record/folder/summary.js';
import { startCoordinator } from '../../coordinator/start.js';
import { messageOf } from '../../shared/user-error.js';
import { workHere } from '../support/cluster/worker-here.js';
import { type Failure, FaultyDisk, plant, type Tree } from '../support/files/faulty-disk.js';
import { temporaryFolder } from '../support/files/temporary-folder.js';

// A model takes TF.js seconds to build: it is built once for all runs.
let prepared: Promise<Prepared> | undefined;
vi.mock('../../coordinator/prepare/prepare.js', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../coordinator/prepare/prepare.js')>();
  const built = { probe: Buffer.from('{}'), program: Buffer.from('{}') };
  return {
    ...original,
    prepare: async (...[configuration, model, context]: Parameters<typeof original.prepare>) => {
      prepared ??= original.prepare(configuration, model);
      const once = await prepared;
      return {
        ...once,
        weights: once.weights.slice(),
        saveBuildCache: async () => context?.cache?.write('key', built),
      };
    },
  };
});

const STEPS = 4;
const OPTIONS = {
  data: 'digits?train=64&test=20',
  model: 'linear',
  batchSize: 32,
  shards: 2,
  epochs: 2,
  checkpointEvery: 1,
  keepCheckpoints: 2,
  port: 0,
  startOrResume: true,
};

const root = temporaryFolder();
let folders = 0;
function newRoot(): string {
  const dir = join(root, String(folders++));
  mkdirSync(dir);
  return dir;
}

type Outcome = { summary: Summary } | { refused: unknown };

/** One coordinator from its start to its end, as `swarmgrad coordinator` runs it. */
async function lead(runDir: string): Promise<Outcome> {
  try {
    const running = await startCoordinator({ ...OPTIONS, runDir });
    running.onEvent(({ text }) => {
      // Nobody waits for a disk that stays full.
      if (text.includes('NOT SAVED')) void running.close();
    });
    const worker = workHere(running.url);
    const summary = await running.finished.finally(() => worker.stop());
    await running.close();
    return { summary };
  } catch (refused) {
    return { refused };
  }
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const json = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
const contentsOf = (tree: Tree) =>
  sha256(
    Buffer.from(
      [...tree]
        .map(([path, bytes]) => `${path} ${sha256(bytes)}`)
        .sort()
        .join(),
    ),
  );

/** Hash of the model as it stands in the run's folder. */
function exportOf(runDir: string): string {
  const { weightsManifest } = json(join(runDir, 'model/model.json'));
  const files = weightsManifest[0].paths.map((path: string) => readFileSync(join(runDir, 'model', path)));
  return sha256(Buffer.concat(files));
}
let exported: string | undefined;

/** All that a finished run promises is on disk, and is that of the undisturbed run. */
async function isWhole(runDir: string, expected: Summary): Promise<void> {
  const { status, weightsSha256, steps } = json(join(runDir, 'summary.json')) as Summary;
  expect({ status, weightsSha256, steps }).toEqual({
    status: 'finished',
    weightsSha256: expected.weightsSha256,
    steps: STEPS,
  });
  // The whole of the model that the undisturbed run has written.
  exported ??= exportOf(runDir);
  expect(exportOf(runDir)).toBe(exported);
  const latest = await readLatest(join(runDir, 'checkpoints'), () => undefined);
  expect(latest!.state.progress.step).toBe(STEPS);
  const lines = readFileSync(join(runDir, 'metrics.jsonl'), 'utf8').trim().split('\n');
  const made = lines.map((line) => JSON.parse(line)).filter(({ type }) => type === 'step');
  expect(made.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
}

/** What was left is gone on with, on a disk that is well. */
async function goesOn(runDir: string, expected: Summary): Promise<void> {
  // Its owner is this process, which here stands for one that is gone.
  rmSync(join(runDir, 'coordinator.lock'), { force: true });
  const well = new FaultyDisk(dirname(runDir));
  const outcome = await lead(runDir).finally(() => well.remove());
  if ('refused' in outcome) throw outcome.refused;
  expect(outcome.summary).toMatchObject({ status: 'finished', weightsSha256: expected.weightsSha256 });
  await isWhole(runDir, expected);
}

describe('a whole run', () => {
  let undisturbed: Summary;
  let calls: string[];
  /** What kills and power losses may leave, each tree once, by the call after which they come. */
  const left = new Map<string, { tree: Tree; when: string }>();

  beforeAll(async () => {
    // What is built only once must not be among the calls that are counted.
    await lead(join(newRoot(), 'run'));
    const dir = newRoot();
    const faulty = new FaultyDisk(dir);
    faulty.after = () => {
      const when = `${faulty.calls.length} ${faulty.calls.at(-1)}`;
      const { durable, namesOnly, current } = faulty;
      for (const [kind, tree] of Object.entries({ durable, namesOnly, current })) {
        const key = contentsOf(tree);
        if (!left.has(key)) left.set(key, { tree, when: `${kind}, ${when}` });
      }
    };
    const outcome = await lead(join(dir, 'run'));
    faulty.remove();
    if ('refused' in outcome) throw outcome.refused;
    undisturbed = outcome.summary;
    calls = faulty.calls;
    await isWhole(join(dir, 'run'), undisturbed);
  });

  it.each<[string, Failure, boolean]>([
    ['fails once', 'EIO', true],
    ['is full from then on', 'ENOSPC', false],
  ])(
    'on a disk that %s, at any of its calls, is whole or says that it failed, and goes on',
    async (_, code, isOnce) => {
      expect(calls.length).toBeGreaterThan(50);
      for (let n = 0; n < calls.length; n++) {
        const dir = newRoot();
        const runDir = join(dir, 'run');
        const faulty = new FaultyDisk(dir);
        faulty.fails = (call) => ((isOnce ? call === n : call >= n) ? code : undefined);
        const outcome = await lead(runDir).finally(() => faulty.remove());
        const where = `${code} at call ${n}: ${calls[n]}`;
        if ('refused' in outcome) {
          expect(outcome.refused, where).toMatchObject({ name: 'UserError' });
          expect(messageOf(outcome.refused), where).toContain(code);
        } else if (outcome.summary.status === 'finished') {
          await isWhole(runDir, undisturbed);
          continue;
        } else {
          expect(outcome.summary.status, where).toBe('failed');
          expect(outcome.summary.reason, where).toContain(code);
          if (existsSync(join(runDir, 'summary.json')))
            expect(json(join(runDir, 'summary.json')).status, where).toBe('failed');
        }
        await goesOn(runDir, undisturbed);
      }
    },
  );

  it('that is killed, or loses its power, after any of its calls goes on', async () => {
    for (const { tree, when } of left.values()) {
      const dir = newRoot();
      plant(dir, tree);
      await goesOn(join(dir, 'run'), undisturbed).catch((error) => {
        throw new Error(`after ${when}: ${messageOf(error)}`);
      });
    }
  });
});
