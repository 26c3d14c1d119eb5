/** A run from the model of another run: what is frozen stays to the bit, what is not is trained, and a resume goes on. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type RunningCoordinator,
  type StartCoordinatorOptions,
  startCoordinator,
} from '../../coordinator/start.js';
import { startWorker, startWorkerWithin } from '../../worker/node/start.js';
import { workHere } from '../support/cluster/worker-here.js';
import { temporaryFolder } from '../support/files/temporary-folder.js';

const root = temporaryFolder();

const ENGINE = { engine: 'compiled/wasm', lanes: 1 };
/** Who computes: an engine without tensors, a real one over a socket, or one without a socket. */
const WORKERS = {
  light: ({ url }: RunningCoordinator) => workHere(url),
  real: ({ url }: RunningCoordinator) => startWorker({ url, ...ENGINE }),
  within: ({ door }: RunningCoordinator) => startWorkerWithin(door, ENGINE),
};

async function lead(options: StartCoordinatorOptions, worker: keyof typeof WORKERS = 'light') {
  const running = await startCoordinator({ port: 0, ...options });
  const working = WORKERS[worker](running);
  onTestFinished(() => working.stop());
  const summary = await running.finished;
  const { bytes } = running.status();
  await running.close();
  return { ...summary, bytes };
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
    const summary = await lead({ ...tuned, steps: 6, runDir: whole }, 'real');
    expect(summary).toMatchObject({ status: 'finished', reproducible: { holds: true } });
    await lead({ ...tuned, steps: 3, runDir: stopped }, 'within');
    const { weightsSha256, test } = await lead({ resume: true, runDir: stopped, steps: 6 }, 'real');
    expect(test).toEqual(summary.test);
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

  it('sends its workers what is frozen once, and adds nothing for it to a step', async () => {
    const [first, tuned] = ['large', 'tuned'].map((name) => join(root, name));
    const data = 'digits?train=64&test=16';
    await lead({ ...COMMON, data, model: 'mlp:200', steps: 1, runDir: first });
    const given = { ...COMMON, data, from: first, freeze: 'dense_1', head: true, steps: 8 };
    const summary = await lead({ ...given, runDir: tuned });
    const trainable = 4 * 201 * 10;
    // 157,000 frozen ones would be 628 kB.
    expect(summary.bytes.up).toBeLessThan(8 * 2 * (1.05 * trainable + 1000));
    expect(summary.bytes.down).toBeLessThan(9 * (1.05 * trainable + 2000));
    expect(weightsOf(tuned!).get('dense_1/kernel')).toBe(weightsOf(first!).get('dense_1/kernel'));
  });
});
