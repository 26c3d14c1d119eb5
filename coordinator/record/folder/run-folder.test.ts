import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ModelDescription } from '../../../shared/models/description.js';
import { withDefaults } from '../../../shared/options/read-options.js';
import { FaultyDisk } from '../../../test/support/files/faulty-disk.js';
import { temporaryFolder } from '../../../test/support/files/temporary-folder.js';
import { COORDINATOR_OPTIONS, type GivenCoordinatorOptions, ofScope } from '../../options/options.js';
import { writeModelFiles } from '../model/model-files.js';
import { atomically, writeJsonAtomically } from './atomic-file.js';
import { createRun, folderForNewRun, holdsRun, runFolder } from './run-folder.js';
import {
  optionsToResume,
  readConfiguration,
  refuseOtherConfiguration,
  storeConfiguration,
} from './stored-configuration.js';

const root = temporaryFolder();
let folders = 0;
const newDir = () => join(root, String(folders++));
const resolved = (given: GivenCoordinatorOptions) =>
  withDefaults(COORDINATOR_OPTIONS, {
    batchSize: 128,
    epochs: 3,
    lr: 0.1,
    optimizer: 'sgd',
    shards: 8,
    ...given,
  });

async function newRun(given: GivenCoordinatorOptions = {}) {
  const folder = folderForNewRun({ runDir: newDir() });
  await createRun(folder, resolved(given));
  return folder;
}

describe('the folder of a new run', () => {
  it('is named by time, data and model', () => {
    const options = { data: 'csv:/some/where/iris data.csv?label=5', model: 'mlp:512,512' };
    const { dir } = folderForNewRun(options, new Date(2025, 0, 2, 3, 4, 5));
    expect(dir).toBe(join(process.cwd(), 'runs', '20250102-030405-csv-iris-data-mlp-512-512'));
  });

  it('holds the resolved configuration, without what belongs to the call', async () => {
    const folder = await newRun({ linger: true, runDir: 'x' });
    const config = JSON.parse(readFileSync(folder.config, 'utf8'));
    expect(config).toMatchObject({
      data: 'digits',
      batchSize: 128,
      lr: 0.1,
      seed: 1,
      port: 8790,
      evaluateEvery: 'epoch',
    });
    expect(config).not.toHaveProperty('linger');
    expect(config).not.toHaveProperty('runDir');
  });

  it('may exist and hold other things', async () => {
    const dir = newDir();
    mkdirSync(dir);
    writeFileSync(join(dir, 'notes.txt'), '');
    await createRun(folderForNewRun({ runDir: dir }), resolved({}));
    expect(readdirSync(dir).sort()).toEqual(['config.json', 'notes.txt']);
  });

  it('is refused where another run is, or was', async () => {
    const { dir } = await newRun();
    const message = `--run-dir ${dir} holds another run (config.json): give --resume to continue it, or another folder`;
    expect(() => folderForNewRun({ runDir: dir })).toThrow(expect.objectContaining({ message, exitCode: 2 }));
    const leftover = newDir();
    mkdirSync(join(leftover, 'checkpoints'), { recursive: true });
    expect(() => folderForNewRun({ runDir: leftover })).toThrow(/holds another run \(checkpoints\)/);
  });

  it('goes to one of two runs that start at the same time', async () => {
    const folder = folderForNewRun({ runDir: newDir() });
    const outcomes = await Promise.allSettled([
      createRun(folder, resolved({})),
      createRun(folder, resolved({})),
    ]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')!;
    expect(failed.reason.message).toMatch(/holds another run/);
  });

  it.each([
    ['empty', ''],
    ['cut off', '{\n  "data": "dig'],
  ])('may hold the configuration of a start that failed, which is %s', async (_, text) => {
    const dir = newDir();
    mkdirSync(dir);
    writeFileSync(join(dir, 'config.json'), text);
    expect(holdsRun(dir)).toBe(false);
    const folder = folderForNewRun({ runDir: dir });
    await createRun(folder, resolved({}));
    expect(holdsRun(dir)).toBe(true);
    expect(await readConfiguration(folder)).toMatchObject({ batchSize: 128 });
  });

  it('is not taken for empty where a damaged configuration stands beside what was trained', async () => {
    const folder = await newRun();
    writeFileSync(folder.config, '');
    mkdirSync(folder.checkpoints);
    writeFileSync(join(folder.checkpoints, 'step-000000001.ckpt'), '');
    expect(holdsRun(folder.dir)).toBe(true);
    expect(() => folderForNewRun({ runDir: folder.dir })).toThrow(/holds another run/);
    await expect(readConfiguration(folder)).rejects.toThrow(/config.json is not JSON/);
  });

  it('has its configuration whole or not at all, whatever the disk does', async () => {
    const dir = newDir();
    mkdirSync(dir);
    const faulty = new FaultyDisk(dir);
    onTestFinished(() => faulty.remove());
    const folder = folderForNewRun({ runDir: join(dir, 'run') });
    faulty.fails = (call) => (faulty.calls[call]!.startsWith('write') ? 'ENOSPC' : undefined);
    await expect(createRun(folder, resolved({}))).rejects.toThrow(/ENOSPC/);
    expect(readdirSync(folder.dir)).toEqual([]);
    faulty.fails = () => undefined;
    await createRun(folder, resolved({}));
    // Nothing of it is lost with the power.
    expect(faulty.durable.get('run/config.json')).toEqual(readFileSync(folder.config));
  });

  it('is refused in one line where it cannot be made', async () => {
    const file = newDir();
    writeFileSync(file, '');
    const folder = folderForNewRun({ runDir: join(file, 'run') });
    await expect(createRun(folder, resolved({}))).rejects.toMatchObject({ exitCode: 2, name: 'UserError' });
  });
});

describe('a run that goes on', () => {
  it('has its configuration in the folder', async () => {
    const folder = await newRun({ seed: 7 });
    const options = await optionsToResume(folder, { resume: true, runDir: folder.dir });
    expect(options).toMatchObject({ seed: 7, batchSize: 128, epochs: 3, resume: true, runDir: folder.dir });
  });

  it('may be given the same options again, and other operational ones', async () => {
    const folder = await newRun({ port: 1234 });
    const options = await optionsToResume(folder, {
      data: 'digits',
      lr: 0.1,
      port: 0,
      localWorkers: 3,
      epochs: 5,
    });
    expect(options).toMatchObject({ port: 0, localWorkers: 3, epochs: 5 });
    await storeConfiguration(folder, withDefaults(COORDINATOR_OPTIONS, options));
    expect(await readConfiguration(folder)).toMatchObject({ port: 0, epochs: 5 });
  });

  it('may be given steps instead of the epochs it had', async () => {
    const options = await optionsToResume(await newRun(), { steps: 1000 });
    expect(options.steps).toBe(1000);
    expect(options.epochs).toBeUndefined();
  });

  it('is not turned into another run: the first difference is named', async () => {
    const folder = await newRun();
    await expect(optionsToResume(folder, { seed: 1, batchSize: 64 })).rejects.toMatchObject({
      message: `--batch-size 64: the run in ${folder.dir} has 128; leave the option out, or use another --run-dir`,
      exitCode: 2,
    });
    await expect(optionsToResume(folder, { loss: 'huber' })).rejects.toThrow(/has none;/);
  });

  it('must exist', async () => {
    const missing = runFolder(newDir());
    await expect(optionsToResume(missing, {})).rejects.toMatchObject({
      message: `${missing.dir} holds no run (no config.json): give the folder of a run that was started`,
      exitCode: 2,
    });
  });

  it('must have a configuration that can be read', async () => {
    const folder = await newRun();
    writeFileSync(folder.config, '{"seed": ');
    await expect(readConfiguration(folder)).rejects.toThrow(/config.json is not JSON/);
    writeFileSync(folder.config, '{}');
    await expect(readConfiguration(folder)).rejects.toThrow(
      /config.json lacks data, model, seed, batchSize, shards, optimizer, lr, epochs: put back what the run/,
    );
    writeFileSync(folder.config, '{"seed": -1}');
    await expect(readConfiguration(folder)).rejects.toThrow(/config.json: seed must be a whole number/);
  });
});

describe('the configuration of a run that goes on', () => {
  const trained = ofScope(resolved({}), 'result');

  it('is held against that of its checkpoint', async () => {
    const folder = await newRun();
    expect(() => refuseOtherConfiguration(folder, resolved({}), trained)).not.toThrow();
    // What decides nothing may change.
    expect(() => refuseOtherConfiguration(folder, resolved({ port: 1 }), trained)).not.toThrow();
    expect(() => refuseOtherConfiguration(folder, resolved({ lr: 0.2 }), trained)).toThrow(
      `${folder.config} says lr 0.2, its checkpoint was made with 0.1: put back`,
    );
    expect(() => refuseOtherConfiguration(folder, resolved({ loss: 'huber' }), trained)).toThrow(
      /loss huber, its checkpoint was made with none/,
    );
  });

  it('may have options by their defaults that an older checkpoint does not know', async () => {
    const { clipNorm: _, ...older } = trained;
    const folder = await newRun();
    expect(() => refuseOtherConfiguration(folder, resolved({}), older)).not.toThrow();
    expect(() => refuseOtherConfiguration(folder, resolved({ clipNorm: 1 }), older)).toThrow(/clipNorm 1/);
  });
});

describe('the files of a model', () => {
  const model = (weights: Float32Array): ModelDescription => ({
    format: 1,
    name: 'linear',
    topology: {},
    weights: [{ name: 'kernel', shape: [weights.length], trainable: true }],
    loss: 'meanSquaredError',
    inputShape: [1],
    outputShape: [1],
    layers: [],
  });
  const read = (dir: string) => {
    const { weightsManifest } = JSON.parse(readFileSync(join(dir, 'model.json'), 'utf8'));
    return Buffer.concat(weightsManifest[0].paths.map((path: string) => readFileSync(join(dir, path))));
  };

  it("are those of one model or of the other when one takes the other's place and the disk fails", async () => {
    // More than one file of weights.
    const [first, second] = [1, 2].map((value) => new Float32Array((5 << 20) / 4).fill(value)) as [
      Float32Array,
      Float32Array,
    ];
    for (let n = 0; ; n++) {
      const dir = newDir();
      await writeModelFiles(dir, model(first), first);
      const faulty = new FaultyDisk(dir);
      faulty.fails = (call) => (call === n ? 'EIO' : undefined);
      const failed = await writeModelFiles(dir, model(second), second).then(
        () => false,
        () => true,
      );
      faulty.remove();
      const found = read(dir);
      expect(
        [Buffer.from(first.buffer), Buffer.from(second.buffer)].some((bytes) => bytes.equals(found)),
      ).toBe(true);
      if (n < faulty.calls.length) continue;
      expect(failed).toBe(false);
      // Nothing of the old one is left.
      expect(readdirSync(dir)).toHaveLength(3);
      break;
    }
  });
});

describe('an atomic write', () => {
  it('that fails leaves the old content and no temporary file', async () => {
    const dir = newDir();
    mkdirSync(dir);
    const path = join(dir, 'a.json');
    await writeJsonAtomically(path, { a: 1 });
    const failing = atomically(path, async (file) => {
      await file.writeFile('half');
      throw new Error('disk full');
    });
    await expect(failing).rejects.toThrow('disk full');
    expect(readdirSync(dir)).toEqual(['a.json']);
    expect(readFileSync(path, 'utf8')).toBe('{\n  "a": 1\n}\n');
  });
});
