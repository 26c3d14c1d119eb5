/**
 * `idx:DIR`: the format of MNIST and its kin, gzip or not. DIR holds `train-images-idx3-ubyte`,
 * `train-labels-idx1-ubyte` and the same with `t10k`.
 */
import { UserError } from '../../../../../shared/user-error.js';
import { findFile, readDataFile } from '../../files/files.js';
import { pixelNormalization } from '../../scaling/normalization.js';
import type { DataShapes, DataSource, Reader, Records } from '../../source.js';

const IMAGES_MAGIC = 0x00000803;
const LABELS_MAGIC = 0x00000801;

const KINDS = ['images-idx3', 'labels-idx1'] as const;

/** Both ways in which the files are called. */
const namesOf = (part: string, kind: string): string[] => [
  `${part}-${kind}-ubyte`,
  `${part}-${kind.replace('-', '.')}-ubyte`,
];

export const idx: DataSource = {
  scheme: 'idx',
  usage: 'idx:DIR',
  options: ['normalize'],
  async fetchFolder(fetch) {
    for (const part of ['train', 't10k'])
      for (const kind of KINDS) await fetch(namesOf(part, kind).flatMap((name) => [name, `${name}.gz`]));
  },
  async open(dir, options, reader) {
    if (dir === '') throw new UserError('--data idx needs a folder: idx:DIR', 2);
    const [train, test] = await Promise.all([readSplit(dir, 'train'), readSplit(dir, 't10k')]);
    if (train.rows !== test.rows || train.columns !== test.columns) {
      const sizes = [train, test].map(({ rows, columns }) => `${rows}x${columns}`).join(' and ');
      throw new UserError(`${dir}: training and test images differ in size (${sizes})`);
    }
    const classes = countClasses(train.y, reader);
    const shapes: DataShapes = {
      x: { shape: [train.rows, train.columns, 1], dtype: 'uint8' },
      y: { shape: [], dtype: 'uint8' },
      label: { kind: 'class', classes },
    };
    return {
      name: `idx:${dir}`,
      ...shapes,
      ...(await pixelNormalization(train.x, shapes, options, reader)),
      train,
      test,
      parts: { train: `the training files of ${dir}`, test: `the t10k files of ${dir}` },
    };
  },
};

/** Classes have no names here but their numbers: a set for a model has those that the model was trained on. */
function countClasses(labels: Uint8Array, { trained }: Reader): number {
  if (trained?.label.kind === 'class') return trained.label.classes;
  return labels.reduce((classes, label) => Math.max(classes, label + 1), 1);
}

async function readSplit(
  dir: string,
  name: string,
): Promise<Records & { y: Uint8Array; rows: number; columns: number }> {
  const [imagesPath, labelsPath] = [
    await findFile(dir, namesOf(name, KINDS[0])),
    await findFile(dir, namesOf(name, KINDS[1])),
  ];
  const [images, labels] = await Promise.all([readDataFile(imagesPath), readDataFile(labelsPath)]);
  const [count, rows, columns] = readHeader(images, imagesPath, IMAGES_MAGIC, 3) as [number, number, number];
  const [labelCount] = readHeader(labels, labelsPath, LABELS_MAGIC, 1) as [number];
  const x = bodyOf(images, imagesPath, 16, count * rows * columns);
  const y = bodyOf(labels, labelsPath, 8, labelCount);
  if (count !== labelCount) {
    throw new UserError(
      `${imagesPath} has ${count} images, ${labelsPath} ${labelCount} labels: they do not match`,
    );
  }
  return { count, rows, columns, x, y };
}

/** The sizes that follow the magic number. */
function readHeader(bytes: Buffer, path: string, magic: number, dimensions: number): number[] {
  const length = 4 + 4 * dimensions;
  if (bytes.length < length)
    throw new UserError(`${path} is truncated (${bytes.length} bytes): fetch it again`);
  const found = bytes.readUInt32BE(0);
  if (found !== magic) {
    throw new UserError(
      `${path} has magic number ${found}, expected ${magic}: it is not an IDX file of this kind`,
    );
  }
  return Array.from({ length: dimensions }, (_, i) => bytes.readUInt32BE(4 + 4 * i));
}

function bodyOf(bytes: Buffer, path: string, offset: number, length: number): Uint8Array {
  if (bytes.length !== offset + length) {
    const what = bytes.length < offset + length ? 'truncated' : 'too long';
    throw new UserError(
      `${path} is ${what}: ${bytes.length} bytes, its header promises ${offset + length}; fetch it again`,
    );
  }
  return bytes.subarray(offset);
}
