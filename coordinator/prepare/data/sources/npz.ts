/**
 * `npz:FILE`: arrays that numpy saved together (`numpy.savez`, `savez_compressed`), by the names that Keras' own data
 * sets have; and `npy:FILE?y=FILE`: single arrays, one a file. The first axis counts records.
 */
import { basename } from 'node:path';
import { UserError } from '../../../../shared/user-error.js';
import { ARRAY_OPTIONS, dataOfArrays, type Pair } from '../arrays/data-set.js';
import { readNpy } from '../arrays/npy.js';
import { described, type PlainArray } from '../arrays/plain-array.js';
import { readDataFile } from '../files/files.js';
import { unzipped } from '../files/zip.js';
import type { DataSource } from '../source.js';
import type { SpecOptions } from '../spec.js';

/** Names that are looked for where the options give none. */
const USUAL = {
  ...{ x: ['x_train', 'x', 'X'], y: ['y_train', 'y', 'Y'], xtest: ['x_test'], ytest: ['y_test'] },
  weight: ['sample_weight_train', 'sample_weight'],
};
type Role = keyof typeof USUAL;

export const npz: DataSource = {
  scheme: 'npz',
  usage: 'npz:FILE',
  endings: ['.npz'],
  options: ['x', 'y', 'xtest', 'ytest', 'weight', ...ARRAY_OPTIONS],
  async open(file, options, reader) {
    if (file === '') throw new UserError('--data npz needs a file: npz:FILE', 2);
    const entries = unzipped(await readDataFile(file), file);
    const arrayOf = (name: string): PlainArray | undefined => {
      const bytes = entries.get(`${name}.npy`);
      return bytes && readNpy(bytes, `${basename(file)}, array ${name}`);
    };
    const find = (role: Role): PlainArray | undefined => {
      const given = options.get(role);
      for (const name of given === undefined ? USUAL[role] : [given]) {
        const array = arrayOf(name);
        if (array) return array;
      }
      const isNeeded = given !== undefined || role === 'x' || role === 'y';
      if (!isNeeded) return undefined;
      const looked = given ?? USUAL[role].join(', ');
      throw new UserError(
        `${file} has no array ${looked}: it holds ${listed(entries)}; ${role}=NAME names one`,
        2,
      );
    };
    const train = { x: find('x')!, y: find('y')!, weight: find('weight') };
    return dataOfArrays(
      { name: `npz:${file}`, train, test: testOf(find('xtest'), find('ytest')) },
      options,
      reader,
    );
  },
};

export const npy: DataSource = {
  scheme: 'npy',
  usage: 'npy:FILE?y=FILE',
  endings: ['.npy'],
  options: ['y', 'xtest', 'ytest', 'weight', ...ARRAY_OPTIONS],
  pathOptions: ['y', 'xtest', 'ytest', 'weight'],
  async open(file, options, reader) {
    if (file === '' || !options.get('y'))
      throw new UserError('--data npy needs a file of records and one of labels: npy:FILE?y=FILE', 2);
    const weight = await readOption(options, 'weight');
    const train = { x: await readArray(file), y: await readArray(options.get('y')!), weight };
    const [x, y] = [await readOption(options, 'xtest'), await readOption(options, 'ytest')];
    return dataOfArrays({ name: `npy:${file}`, train, test: testOf(x, y) }, options, reader);
  },
};

const readArray = async (path: string): Promise<PlainArray> => readNpy(await readDataFile(path), path);

async function readOption(options: SpecOptions, name: string): Promise<PlainArray | undefined> {
  const path = options.get(name);
  return path === undefined ? undefined : readArray(path);
}

/** Both or none. */
function testOf(x: PlainArray | undefined, y: PlainArray | undefined): Pair | undefined {
  if (x && y) return { x, y };
  const alone = x ?? y;
  if (!alone) return undefined;
  throw new UserError(
    `${alone.title} has no counterpart: a test set needs records and labels (xtest and ytest), or neither`,
    2,
  );
}

function listed(entries: ReadonlyMap<string, Uint8Array>): string {
  const arrays = [...entries].filter(([name]) => name.endsWith('.npy'));
  if (arrays.length === 0) return 'no arrays';
  const texts = arrays.map(([name, bytes]) => {
    const short = name.slice(0, -'.npy'.length);
    try {
      return described(short, readNpy(bytes, short));
    } catch {
      return short;
    }
  });
  return texts.join(', ');
}
