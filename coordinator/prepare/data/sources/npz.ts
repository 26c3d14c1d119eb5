/**
 * `npz:FILE`: arrays that numpy saved together (`numpy.savez`, `savez_compressed`), by the names that Keras' own data
 * sets have; and `npy:FILE?y=FILE`: single arrays, one a file. The first axis counts records.
 */
import { basename } from 'node:path';
import { UserError } from '../../../../shared/user-error.js';
import { ARRAY_OPTIONS, dataOfArrays, type Pair } from '../arrays/data-set.js';
import { dataOfNamedArrays, type NamedArray, namesTrained } from '../arrays/named-set.js';
import { readNpy } from '../arrays/npy.js';
import { described, type PlainArray } from '../arrays/plain-array.js';
import { readDataFile } from '../files/files.js';
import { unzipped } from '../files/zip.js';
import type { DataSource, Reader } from '../source.js';
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
    const title = (role: Role, looked: string): UserError =>
      new UserError(`${file} has no array ${looked}: it holds ${listed(entries)}; ${role}=NAME names one`, 2);
    const find = (role: Role): PlainArray | undefined => {
      const given = options.get(role);
      for (const name of given === undefined ? USUAL[role] : [given]) {
        const array = arrayOf(name);
        if (array) return array;
      }
      const isNeeded = given !== undefined || role === 'x' || role === 'y';
      if (!isNeeded) return undefined;
      throw title(role, given ?? USUAL[role].join(', '));
    };
    const names = await namesOf(options, reader);
    if (names) {
      const parts = (role: 'x' | 'y', testRole: 'xtest' | 'ytest') =>
        names[role].map(({ name, array }): NamedArray => {
          const isOne = names[role].length === 1;
          const train = [array, `${name}_train`, name, ...(isOne ? USUAL[role] : [])];
          const test = [...(array ? [] : [`${name}_test`]), ...(isOne ? USUAL[testRole] : [])];
          const found = firstOf(train, arrayOf);
          if (!found) throw title(role, array ?? `${name}_train or ${name}`);
          return { name, train: found, test: firstOf(test, arrayOf), options };
        });
      const [inputs, outputs] = [parts('x', 'xtest'), parts('y', 'ytest')];
      refuseHalfATest([...inputs, ...outputs]);
      return dataOfNamedArrays({ name: `npz:${file}`, inputs, outputs, weight: find('weight') }, reader);
    }
    const train = { x: find('x')!, y: find('y')!, weight: find('weight') };
    return dataOfArrays(
      { name: `npz:${file}`, train, test: testOf(find('xtest'), find('ytest')) },
      options,
      reader,
    );
  },
};

const firstOf = (
  names: readonly (string | undefined)[],
  arrayOf: (name: string) => PlainArray | undefined,
): PlainArray | undefined => {
  for (const name of names) {
    const array = name === undefined ? undefined : arrayOf(name);
    if (array) return array;
  }
  return undefined;
};

interface PartNames {
  x: { name: string; array?: string }[];
  y: { name: string; array?: string }[];
}

/**
 * Parts of several inputs or outputs: `x=a,b`, or `x=a:ARRAY,b:ARRAY`; else those of the model.
 * @returns undefined where there is one of each
 * @throws UserError
 */
async function namesOf(options: SpecOptions, reader: Reader): Promise<PartNames | undefined> {
  const known = namesTrained(reader.trained) ?? (await reader.namesOf?.());
  const side = (role: 'x' | 'y', own: readonly string[] = []): PartNames['x'] => {
    const given = options.get(role);
    if (given === undefined) return own.map((name) => ({ name }));
    // One array that is named alone belongs to the only part.
    if (!/[,:]/.test(given) && own.length === 1) return [{ name: own[0]!, array: given }];
    return given.split(',').map((part) => {
      const [name, array] = part.split(':') as [string, string?];
      if (name === '') throw new UserError(`--data option ${role}=${given} has a part without a name`, 2);
      return array ? { name, array } : { name };
    });
  };
  const parts = { x: side('x', known?.inputs), y: side('y', known?.outputs) };
  if (parts.x.length < 2 && parts.y.length < 2) return undefined;
  for (const role of ['x', 'y'] as const) {
    if (parts[role].length === 0) parts[role] = [{ name: role }];
    const names = parts[role].map(({ name }) => name);
    const twice = names.find((name, at) => names.indexOf(name) !== at);
    if (twice !== undefined) throw new UserError(`--data option ${role} names ${twice} twice`, 2);
  }
  for (const name of ['xtest', 'ytest', 'shape'] as const)
    if (options.get(name) !== undefined)
      throw new UserError(
        `--data option ${name} is for one input and one output: ${name === 'shape' ? 'save arrays in the shapes of the inputs' : 'save test arrays as NAME_test'}`,
        2,
      );
  return parts;
}

/** All parts have arrays for the test set, or none. */
function refuseHalfATest(parts: readonly NamedArray[]): void {
  const without = parts.filter(({ test }) => !test);
  if (without.length === 0 || without.length === parts.length) return;
  throw new UserError(
    `${parts.find(({ test }) => test)!.test!.title} is a test array, and ${without.map(({ name }) => name).join(', ')} has none (NAME_test): save one for each input and output, or for none`,
    2,
  );
}

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
