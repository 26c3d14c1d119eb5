/** A model as a program of the user's: what its runs promise, and who is kept away from them. */
import { appendFile, copyFile, readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import { type StartCoordinatorOptions, startCoordinator, startWorker } from '../../index.js';
import { reached, temporaryFolder, worker } from '../support/cluster/cluster.js';
import { shared, smallRun } from '../support/cluster/small-run.js';
import { tokenRun } from '../support/cluster/token-run.js';
import { refusalOf } from '../support/refusal.js';

const { version } = createRequire(import.meta.url)('@tensorflow/tfjs/package.json');
const EXAMPLE = fileURLToPath(new URL('../../examples/tree-rnn/', import.meta.url));
const TREE_RNN = join(EXAMPLE, 'tree-rnn.mjs');
const RUN: StartCoordinatorOptions = {
  data: join(EXAMPLE, 'trees.mjs'),
  model: TREE_RNN,
  batchSize: 16,
  shards: 4,
  epochs: undefined,
  steps: 6,
  seed: 3,
  // That of the volunteer is the coordinator's too, which computes all of it again.
  engineClass: `eager/cpu@${version}+v8`,
};
const engine = { lanes: 1 };

/** A volunteer alone, all of whose work is computed again by the coordinator; and two that may not take part. */
let one: { weightsSha256: string; audits: object; refusals: string[] };
beforeAll(() =>
  shared(async (onEnd) => {
    const { url, finished, tokens } = await tokenRun({ ...RUN, auditRate: 1 }, onEnd);
    const token = tokens.volunteer;
    const join = (modelFile?: string) => startWorker({ url, token, modelFile, ...engine }).finished;
    const refusals = [
      await refusalOf(join()),
      await refusalOf(join(fileURLToPath(import.meta.url))),
      await refusalOf(() => startWorker({ url, modelFile: 'none.mjs' })),
    ];
    await join(TREE_RNN);
    const { weightsSha256, audits } = await finished;
    one = { weightsSha256, audits, refusals };
  }),
);

it('is computed by none that lacks the file, and audited by the coordinator itself', () => {
  expect(one.refusals[0]).toMatch(/^the model is a program, which only Node workers with its file compute/);
  expect(one.refusals[1]).toMatch(
    /model-module\.test\.ts has SHA-256 [0-9a-f]{12}\.\.\., the run's tree-rnn/,
  );
  expect(one.refusals[2]).toBe('--model-file none.mjs: no such file');
  expect(one.audits).toMatchObject({ made: 6, passed: 6, banned: [] });
});

it('has the same weights with three workers of which one is killed, and after a resume; a changed file is refused with both hashes', async () => {
  const folder = await temporaryFolder();
  const model = join(folder, 'moved.mjs');
  await copyFile(TREE_RNN, model);
  const runDir = join(folder, 'three');
  const three = await smallRun({ ...RUN, runDir, steps: 4, minWorkers: 2 });
  const command = ['--name', 'killed', '--model-file', model, '--lanes', '1'];
  const killed = worker(three.url, ...command);
  await killed.line(/engine/);
  const workers = [1, 2].map(() => startWorker({ url: three.url, modelFile: model, ...engine }));
  await reached({ ...three, program: killed }, 1);
  killed.child.kill('SIGKILL');
  await three.finished;
  await Promise.all(workers.map(({ finished }) => finished));
  await killed.ended;

  const goOn = { runDir, resume: true, model, steps: 6, port: 0, minWorkers: 1 };
  const resumed = await startCoordinator(goOn);
  const last = startWorker({ url: resumed.url, modelFile: model, ...engine });
  expect((await resumed.finished).weightsSha256).toBe(one.weightsSha256);
  await last.finished;
  await resumed.close();
  expect(await readdir(join(runDir, 'model'))).toEqual(['model.safetensors']);

  await appendFile(model, '\n');
  expect(await refusalOf(startCoordinator({ ...goOn, steps: 8 }))).toMatch(
    /^model .*moved\.mjs is not the program of the model: its SHA-256 is [0-9a-f]{64}, that of the model's tree-rnn\.mjs is [0-9a-f]{64}; give/,
  );
});
