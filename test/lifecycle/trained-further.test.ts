/** A run from the model of another run: what is frozen stays to the bit, what is not is trained, and a resume goes on. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type StartCoordinatorOptions, startCoordinator } from '../../coordinator/start.js';
import { workHere } from '../support/cluster/worker-here.js';
import { temporaryFolder } from '../support/files/temporary-folder.js';

const root = temporaryFolder();

async function lead(options: StartCoordinatorOptions) {
  const running = await startCoordinator({ port: 0, ...options });
  workHere(running.url);
  const summary = await running.finished;
  await running.close();
  return summary;
}

/** The bytes of each weight of a run's model, by its name. */
function weightsOf(runDir: string): Map<string, string> {
  const read = (name: string) => readFileSync(join(runDir, 'model', name));
  const [group] = JSON.parse(read('model.json').toString()).weightsManifest;
  const bytes = Buffer.concat(group.paths.map(read));
  let at = 0;
  return new Map(
    group.weights.map(({ name, shape }: { name: string; shape: number[] }) => {
      const from = at;
      at += 4 * shape.reduce((product, length) => product * length, 1);
      return [name, bytes.toString('hex', from, at)];
    }),
  );
}

const rowsOf = (classes: string[]) =>
  Array.from({ length: 48 }, (_, i) => `${i},${(i * 7) % 5},${classes[i % classes.length]}`);
function tableOf(name: string, classes: string[]): string {
  const path = join(root, `${name}.csv`);
  writeFileSync(path, ['a,b,kind', ...rowsOf(classes)].join('\n'));
  return path;
}
const COMMON = { batchSize: 8, shards: 2, lr: 0.1 };

describe('a run from the model of another', () => {
  it('keeps frozen layers to the bit, trains the others, and goes on after a stop', async () => {
    const first = join(root, 'first');
    const pets = tableOf('pets', ['cat', 'dog']);
    await lead({ ...COMMON, data: pets, model: 'mlp:6,5', epochs: 1, runDir: first });
    const trees = tableOf('trees', ['ash', 'elm', 'oak']);
    const tuned = { ...COMMON, data: trees, from: first, freeze: 'dense_1', head: true };
    const [whole, stopped] = [join(root, 'whole'), join(root, 'stopped')];
    const summary = await lead({ ...tuned, steps: 6, runDir: whole });
    expect(summary).toMatchObject({ status: 'finished', reproducible: { holds: true } });
    await lead({ ...tuned, steps: 3, runDir: stopped });
    const { weightsSha256 } = await lead({ resume: true, runDir: stopped, steps: 6 });
    expect(weightsSha256).toBe(summary.weightsSha256);

    const [before, after] = [weightsOf(first), weightsOf(whole)];
    const isSame = (name: string) => after.get(name) === before.get(name);
    expect([...after.keys()].filter(isSame).sort()).toEqual([
      ...['dense_1/bias', 'dense_1/kernel'],
      // As the first run scaled its columns.
      ...['beta', 'gamma', 'moving_mean', 'moving_variance'].map((of) => `swarmgrad_standardize/${of}`),
    ]);
    expect([...after.keys()].filter((name) => !isSame(name)).sort()).toEqual([
      ...['dense_2/bias', 'dense_2/kernel', 'head/bias', 'head/kernel'],
    ]);
  });

  it('is refused on other classes without a new last layer', async () => {
    const first = join(root, 'of-pets');
    await lead({
      ...COMMON,
      data: tableOf('two', ['cat', 'dog']),
      model: 'linear',
      epochs: 1,
      runDir: first,
    });
    const others = { ...COMMON, data: tableOf('others', ['ash', 'elm']), from: first, steps: 1 };
    await expect(startCoordinator({ port: 0, runDir: join(root, 'never'), ...others })).rejects.toThrow(
      /the model's classes are cat, dog, and those of csv:.* are ash, elm: --head gives it a new last layer/,
    );
  });
});
