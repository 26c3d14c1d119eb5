/**
 * `cifar10:DIR` and `cifar100:DIR`: their binary versions, gzip or not. DIR holds `data_batch_*.bin` and
 * `test_batch*.bin`, or `train.bin` and `test.bin`. A record is one byte a label, then planes of red, green and blue.
 */
import { join } from 'node:path';
import { UserError } from '../../../../../shared/user-error.js';
import { decodeText } from '../../files/decode.js';
import { listFolder, readDataFile } from '../../files/files.js';
import { choiceOption } from '../../options.js';
import { pixelNormalization } from '../../scaling/normalization.js';
import type { DataSet, DataShapes, DataSource, Reader, Records } from '../../source.js';
import type { SpecOptions } from '../../spec.js';
import { CIFAR10, COARSE, FINE } from './cifar-names.js';

const SIDE = 32;
const PIXELS = SIDE * SIDE;

/** Files of one part: how they are called, and the one that is named where there is none. */
interface PartFiles {
  pattern: RegExp;
  example: string;
  text: string;
}

interface Version {
  dir: string;
  scheme: string;
  train: PartFiles;
  test: PartFiles;
  /** Bytes before the pixels, and the one of them that is the label. */
  labels: { bytes: number; at: number };
  names: string[];
}

export const cifar10: DataSource = {
  scheme: 'cifar10',
  usage: 'cifar10:DIR',
  options: ['normalize'],
  async fetchFolder(fetch) {
    for (const name of [1, 2, 3, 4, 5].map((part) => `data_batch_${part}.bin`).concat('test_batch.bin'))
      await fetch([name, `${name}.gz`]);
  },
  async open(dir, options, reader) {
    const version = {
      ...{ dir, scheme: 'cifar10', labels: { bytes: 1, at: 0 }, names: CIFAR10 },
      train: { pattern: /^data_batch.*\.bin(\.gz)?$/, example: 'data_batch_1.bin', text: 'data batches' },
      test: { pattern: /^test_batch.*\.bin(\.gz)?$/, example: 'test_batch.bin', text: 'test batch' },
    };
    return openVersion(version, options, reader);
  },
};

export const cifar100: DataSource = {
  scheme: 'cifar100',
  usage: 'cifar100:DIR',
  options: ['labels', 'normalize'],
  async fetchFolder(fetch) {
    for (const name of ['train.bin', 'test.bin']) await fetch([name, `${name}.gz`]);
    for (const kind of ['fine', 'coarse']) await fetch([`${kind}_label_names.txt`], true);
  },
  async open(dir, options, reader) {
    const kind = choiceOption(options, 'labels', ['fine', 'coarse'], 'fine');
    const names = await namesIn(dir, `${kind}_label_names.txt`, kind === 'fine' ? FINE : COARSE);
    const version = {
      ...{ dir, scheme: 'cifar100', labels: { bytes: 2, at: kind === 'fine' ? 1 : 0 }, names },
      train: { pattern: /^train\.bin(\.gz)?$/, example: 'train.bin', text: 'training file' },
      test: { pattern: /^test\.bin(\.gz)?$/, example: 'test.bin', text: 'test file' },
    };
    return openVersion(version, options, reader);
  },
};

async function openVersion(version: Version, options: SpecOptions, reader: Reader): Promise<DataSet> {
  const { dir, scheme, names } = version;
  if (dir === '') throw new UserError(`--data ${scheme} needs a folder: ${scheme}:DIR`, 2);
  const files = await listFolder(dir);
  const train = await readBatches(version, files, version.train);
  const test = await readBatches(version, files, version.test);
  const shapes: DataShapes = {
    x: { shape: [SIDE, SIDE, 3], dtype: 'uint8' },
    y: { shape: [], dtype: 'uint8' },
    label: { kind: 'class', classes: names.length, names },
  };
  return {
    name: `${scheme}:${dir}`,
    ...shapes,
    ...(await pixelNormalization(train.x, shapes, options, reader)),
    train,
    test,
    parts: { train: `the ${version.train.text} of ${dir}`, test: `the ${version.test.text} of ${dir}` },
  };
}

/** One name a line, in the order of the labels; `usual` where the folder has no such file. @throws UserError */
async function namesIn(dir: string, file: string, usual: string[]): Promise<string[]> {
  if (dir === '' || !(await listFolder(dir)).includes(file)) return usual;
  const path = join(dir, file);
  const names = decodeText(path, await readDataFile(path))
    .split(/\r?\n/)
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length === usual.length && new Set(names).size === names.length) return names;
  throw new UserError(
    `${path} has ${new Set(names).size} different names, expected ${usual.length}, one a line: fetch it again, or delete it for the usual ones`,
  );
}

async function readBatches(
  { dir, scheme, labels }: Version,
  files: readonly string[],
  { pattern, example }: PartFiles,
): Promise<Records> {
  const paths = files.filter((name) => pattern.test(name)).map((name) => join(dir, name));
  if (paths.length === 0)
    throw new UserError(`${dir} has no ${example} (nor ${example}.gz): check the path of --data`);
  const recordBytes = labels.bytes + 3 * PIXELS;
  const batches = await Promise.all(paths.map(readDataFile));
  for (const [i, { length }] of batches.entries()) {
    if (length % recordBytes === 0) continue;
    throw new UserError(
      `${paths[i]} has ${length} bytes, no multiple of ${recordBytes}: truncated, or no ${scheme === 'cifar10' ? 'CIFAR-10' : 'CIFAR-100'} batch`,
    );
  }
  const all = Buffer.concat(batches);
  const count = all.length / recordBytes;
  const x = new Uint8Array(count * 3 * PIXELS);
  const y = new Uint8Array(count);
  // Stored as three planes, one for each color; layers expect the colors of a pixel side by side.
  for (let record = 0; record < count; record++) {
    const from = record * recordBytes + labels.bytes;
    y[record] = all[from - labels.bytes + labels.at]!;
    for (let color = 0; color < 3; color++) {
      for (let pixel = 0; pixel < PIXELS; pixel++) {
        x[(record * PIXELS + pixel) * 3 + color] = all[from + color * PIXELS + pixel]!;
      }
    }
  }
  return { count, x, y };
}
