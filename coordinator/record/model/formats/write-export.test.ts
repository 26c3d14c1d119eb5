/** Where an export is written, what stands beside it, and what it never replaces. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../../test/support/files/temporary-folder.js';
import { refusalOf } from '../../../../test/support/refusal.js';
import type { About } from './about.js';
import { type ExportRequest, formatOf } from './formats.js';
import { writeExport } from './write-export.js';

const root = temporaryFolder();

const about: About = {
  generatedBy: 'swarmgrad 1.2.3',
  model: 'mlp:5',
  parameters: 2,
  training: {
    ...{
      steps: 7,
      samples: 70,
      optimizer: 'adam',
      learningRate: 0.01,
      batchSize: 10,
      seed: 1,
      averaged: false,
    },
  },
  metrics: { test: { loss: 0.5, accuracy: 0.875, samples: 16 }, evaluatedAtStep: 7 },
  data: { name: 'csv:some.csv' },
  weightsSha256: 'ab',
};
const request: ExportRequest = {
  model: {
    topology: { class_name: 'Sequential' },
    weights: [{ name: 'dense/kernel', shape: [1, 2] }],
    values: Float32Array.of(1, 2),
    metadata: {
      ...{
        loss: 'categoricalCrossentropy',
        task: 'classification',
        classes: ['a|b', 'c'],
        scaledBy: 'nobody',
      },
      input: { shape: [1], dtype: 'float32' },
    },
  },
  records: {
    x: { shape: [1], dtype: 'float32' },
    y: { shape: [], dtype: 'int32' },
    label: { kind: 'class', classes: 2 },
    normalisation: { scale: 1, mean: [0], std: [1] },
  },
  about,
};

describe('the format of an export', () => {
  it.each([
    [undefined, 'some/folder', 'tfjs'],
    [undefined, 'some/model.ONNX', 'onnx'],
    [undefined, 'w.npz', 'npz'],
    ['safetensors', 'some/folder', 'safetensors'],
  ])('--format %s --to %s is %s', (name, to, expected) => {
    expect(formatOf(name, to).name).toBe(expected);
  });

  it.each([
    ['onx', 'x', /--format onx is not known; known are tfjs, .*did you mean onnx\?/],
    ['onnx', 'x.npz', /ends as files of npz do, and --format is onnx/],
    [undefined, 'x.pt', /\.pt is not written; formats are tfjs/],
  ])('--format %s --to %s is refused', async (name, to, words) => {
    expect(await refusalOf(Promise.resolve().then(() => formatOf(name, to)))).toMatch(words);
  });
});

describe('an export', () => {
  it('to a folder has its metadata and a card beside it', async () => {
    const dir = join(root, 'folder');
    const { path, notes, bytes } = await writeExport(dir, formatOf('npz', dir), request);
    expect([path, notes]).toEqual([join(dir, 'model.npz'), []]);
    expect(bytes).toBe(readFileSync(path).length);
    const told = JSON.parse(readFileSync(join(dir, 'metadata.json'), 'utf8'));
    expect(told).toMatchObject({
      generatedBy: 'swarmgrad 1.2.3',
      classes: ['a|b', 'c'],
      metrics: about.metrics,
    });
    const card = readFileSync(join(dir, 'README.md'), 'utf8');
    expect(card).toContain('| classes | a\\|b, c |');
    expect(card).toContain('- accuracy: 0.8750');
    // A second export replaces its own files.
    await writeExport(dir, formatOf('npz', dir), request);
  });

  it('to a file has its metadata beside it, and no card', async () => {
    const file = join(root, 'file', 'mine.safetensors');
    await writeExport(file, formatOf(undefined, file), request);
    expect(existsSync(join(root, 'file', 'mine.metadata.json'))).toBe(true);
    expect(existsSync(join(root, 'file', 'README.md'))).toBe(false);
  });

  it('leaves a README that somebody has written, and says so', async () => {
    const dir = join(root, 'readme');
    await writeExport(dir, formatOf('npz', dir), request);
    writeFileSync(join(dir, 'README.md'), '# mine\n');
    const { notes } = await writeExport(dir, formatOf('npz', dir), request);
    expect(notes).toEqual([expect.stringMatching(/README\.md was left as it was/)]);
    expect(readFileSync(join(dir, 'README.md'), 'utf8')).toBe('# mine\n');
  });

  it('writes nothing over the metadata of others', async () => {
    const dir = join(root, 'others');
    await writeExport(dir, formatOf('npz', dir), request);
    writeFileSync(join(dir, 'metadata.json'), '{"other": 1}');
    expect(await refusalOf(writeExport(dir, formatOf('npz', dir), request))).toMatch(
      /metadata\.json stands there, and is not of an export of ours/,
    );
    const file = join(root, 'others', 'metadata.json');
    expect(await refusalOf(writeExport(file, formatOf('tfjs', file), request))).toMatch(
      /is a file, not a folder/,
    );
  });
});
