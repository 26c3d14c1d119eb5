/** `cifar10:DIR`: CIFAR-10's binary version, gzip or not: `data_batch_*.bin` and `test_batch*.bin` in DIR. */
import { join } from 'node:path';
import { UserError } from '../../../../../shared/user-error.js';
import { listFolder, readDataFile } from '../../files/files.js';
import { pixelNormalization } from '../../scaling/normalization.js';
import type { DataShapes, DataSource, Records } from '../../source.js';

const SIDE = 32;
const PIXELS = SIDE * SIDE;
const RECORD_BYTES = 1 + 3 * PIXELS;
const CLASSES = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];

export const cifar10: DataSource = {
  scheme: 'cifar10',
  usage: 'cifar10:DIR',
  options: ['normalize'],
  async open(dir, options, reader) {
    if (dir === '') throw new UserError('--data cifar10 needs a folder: cifar10:DIR', 2);
    const files = await listFolder(dir);
    const train = await readBatches(dir, files, /^data_batch.*\.bin(\.gz)?$/, 'data_batch_1.bin');
    const test = await readBatches(dir, files, /^test_batch.*\.bin(\.gz)?$/, 'test_batch.bin');
    const shapes: DataShapes = {
      x: { shape: [SIDE, SIDE, 3], dtype: 'uint8' },
      y: { shape: [], dtype: 'uint8' },
      label: { kind: 'class', classes: CLASSES.length, names: CLASSES },
    };
    return {
      name: `cifar10:${dir}`,
      ...shapes,
      ...(await pixelNormalization(train.x, shapes, options, reader)),
      train,
      test,
      parts: { train: `the data batches of ${dir}`, test: `the test batch of ${dir}` },
    };
  },
};

async function readBatches(dir: string, files: string[], pattern: RegExp, example: string): Promise<Records> {
  const paths = files.filter((name) => pattern.test(name)).map((name) => join(dir, name));
  if (paths.length === 0)
    throw new UserError(`${dir} has no ${example} (nor ${example}.gz): check the path of --data`);
  const batches = await Promise.all(paths.map(readDataFile));
  for (const [i, { length }] of batches.entries()) {
    if (length % RECORD_BYTES === 0) continue;
    throw new UserError(
      `${paths[i]} has ${length} bytes, no multiple of ${RECORD_BYTES}: truncated, or no CIFAR-10 batch`,
    );
  }
  const all = Buffer.concat(batches);
  const count = all.length / RECORD_BYTES;
  const x = new Uint8Array(count * 3 * PIXELS);
  const y = new Uint8Array(count);
  // Stored as three planes, one for each color; layers expect the colors of a pixel side by side.
  for (let record = 0; record < count; record++) {
    const from = record * RECORD_BYTES;
    y[record] = all[from]!;
    for (let color = 0; color < 3; color++) {
      for (let pixel = 0; pixel < PIXELS; pixel++) {
        x[(record * PIXELS + pixel) * 3 + color] = all[from + 1 + color * PIXELS + pixel]!;
      }
    }
  }
  return { count, x, y };
}
