import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { atomically, writeJsonAtomically } from '../../coordinator/record/atomic-file.js';
import {
  createRun,
  folderForNewRun,
  optionsToResume,
  readConfiguration,
  runFolder,
  storeConfiguration,
} from '../../coordinator/record/run-folder.js';
import { COORDINATOR_OPTIONS, type GivenCoordinatorOptions } from '../../shared/options.js';
import { withDefaults } from '../../shared/read-options.js';
import { temporaryFolder } from './temporary-folder.js';

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
    const message = `--run-dir ${dir} holds another run (config.json): --resume to go on with it, or another folder`;
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
    await expect(readConfiguration(folder)).rejects.toThrow(/config.json is no JSON/);
    writeFileSync(folder.config, '{"seed": -1}');
    await expect(readConfiguration(folder)).rejects.toThrow(/config.json: seed must be a whole number/);
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
