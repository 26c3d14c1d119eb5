import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { type StartCoordinatorOptions, startCoordinator, startWorker } from '../../index.js';
import { temporaryFolder } from '../support/cluster/cluster.js';
import { refusalOf } from '../support/refusal.js';
import { example, focal } from './own-loss.js';

it('the example of docs/library.md has the same weights with three workers as with one; a resumed run keeps the loss by its graph', async () => {
  const folder = await temporaryFolder();
  const runDir = join(folder, 'one');
  const [one, three] = [await example(runDir), await example(join(folder, 'three'), 3)];
  expect(three).toBe(one);

  const goOn = (options: StartCoordinatorOptions) =>
    startCoordinator({ runDir, resume: true, steps: 8, port: 0, ...options });
  const other = await refusalOf(
    goOn({
      loss: () => (yTrue, yPred) =>
        yPred
          .sub(yTrue.reshape([-1, 1]))
          .square()
          .mean(-1),
    }),
  );
  expect(other).toMatch(
    /^loss is not the loss of the run: its graph has SHA-256 [0-9a-f]{64}, that of the run \(focal\) [0-9a-f]{64}; leave it out/,
  );
  expect(await refusalOf(goOn({ loss: 'huber' }))).toMatch(/^loss huber: the run in .* has function; leave/);

  // The same operations in a file are the same loss.
  const file = join(folder, 'again.mjs') as `${string}.mjs`;
  await writeFile(file, `export default ${focal}`);
  for (const options of [{}, { loss: file }]) {
    const coordinator = await goOn(options);
    await coordinator.close();
  }
  const coordinator = await goOn({});
  const worker = startWorker({ url: coordinator.url, lanes: 1 });
  expect((await coordinator.finished).steps).toBe(8);
  await worker.finished;
  await coordinator.close();
  const { userDefinedMetadata } = JSON.parse(await readFile(join(runDir, 'model', 'model.json'), 'utf8'));
  expect(userDefinedMetadata.swarmgrad).toMatchObject({
    loss: 'custom:focal',
    customLoss: { labels: 'categoricalCrossentropy' },
  });
});

it('docs/library.md shows it as it is', async () => {
  const read = (path: string) => readFile(fileURLToPath(new URL(path, import.meta.url)), 'utf8');
  const [, body] = /(\/\*\* Lin[\s\S]*)/.exec(await read('./own-loss.ts'))!;
  expect(await read('../../docs/library.md')).toContain(body!.trimEnd());
});
