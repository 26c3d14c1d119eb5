/** Arrays of numpy as records: the first axis counts them. */
import { featuresOf } from '../../../coordinator/prepare/data/arrays/features.js';
import { formatOf, sideBySide } from '../../../coordinator/prepare/data/arrays/named-set.js';
import { readNpy } from '../../../coordinator/prepare/data/arrays/npy.js';
import { described, type PlainArray } from '../../../coordinator/prepare/data/arrays/plain-array.js';
import { SpecOptions } from '../../../coordinator/prepare/data/spec.js';
import type { RecordFormat } from '../../../shared/data/manifest.js';
import { UserError } from '../../../shared/user-error.js';
import type { UnlabeledRecords } from './unlabeled-records.js';

/** Names that are looked for in an archive of several arrays. */
const USUAL = ['x', 'X', 'x_test'];

/**
 * The array in a file: of an NPZ archive the only one, that of the name, or one that is called as usual.
 * @param from the bytes of an NPY file, or the files of an archive
 * @throws UserError
 */
export function arrayIn(
  title: string,
  from: Uint8Array | ReadonlyMap<string, Uint8Array>,
  name?: string,
): PlainArray {
  if (from instanceof Uint8Array) return readNpy(from, title);
  const names = [...from.keys()].filter((file) => file.endsWith('.npy')).map((file) => file.slice(0, -4));
  const wanted = name ?? (names.length === 1 ? names[0] : USUAL.find((usual) => names.includes(usual)));
  const bytes = wanted === undefined ? undefined : from.get(`${wanted}.npy`);
  if (bytes) return readNpy(bytes, `${title}, array ${wanted}`);
  throw new UserError(
    `${title} has no array ${name ?? USUAL.join(', ')}: it holds ${names.join(', ') || 'none'}; FILE?x=NAME names one`,
    2,
  );
}

/** @throws UserError naming the array, the record and the value */
export async function recordsOfArray(array: PlainArray, records: RecordFormat): Promise<UnlabeledRecords> {
  const { title, shape, dtype, kind } = array;
  const { x } = records;
  if (kind === 'text') throw new UserError(`${title} holds texts: a model is fed numbers`, 2);
  const own = shape.slice(1);
  const withoutOnes = (axes: readonly number[]) => `${axes.filter((length) => length !== 1)}`;
  // Pictures of one color have an axis of 1 or none.
  if (shape.length === 0 || withoutOnes(own) !== withoutOnes(x.shape))
    throw new UserError(
      `${described(title, array)}: the model takes records of shape (${x.shape.join(', ')}), the first axis counts records`,
      2,
    );
  if (shape[0] === 0) throw new UserError(`${title} has no records: give more data`, 2);
  if (x.dtype === 'uint8' && dtype !== 'uint8')
    throw new UserError(
      `${title} holds ${dtype}, the model was trained on uint8, pixels from 0 to 255: save them as uint8`,
      2,
    );
  const features = await featuresOf(array, records, new SpecOptions(), { trained: records });
  const count = shape[0]!;
  return {
    ...{ count, x: features.of(array), notes: features.notes },
    rows: Array.from({ length: count }, (_, i) => i + 1),
  };
}

/**
 * The records of a model with several inputs: an array for each, by its name, or by its name with `_test` behind.
 * @throws UserError naming the array that is missing, or that has other records
 */
export async function recordsOfArrays(
  title: string,
  files: ReadonlyMap<string, Uint8Array>,
  trained: RecordFormat,
): Promise<UnlabeledRecords> {
  const { inputs } = trained.named!;
  const read = await Promise.all(
    inputs.map(({ name }) => {
      const called = files.has(`${name}.npy`) || !files.has(`${name}_test.npy`) ? name : `${name}_test`;
      return recordsOfArray(arrayIn(title, files, called), formatOf(trained, name, '')!);
    }),
  );
  const [first] = read as [UnlabeledRecords];
  const other = read.findIndex(({ count }) => count !== first.count);
  if (other > 0)
    throw new UserError(
      `${title}: array ${inputs[0]!.name} has ${first.count} records, ${inputs[other]!.name} ${read[other]!.count}: they do not match`,
      2,
    );
  const x = sideBySide(
    trained.x,
    inputs,
    read.map((records) => records.x),
    first.count,
  );
  return { ...first, x, notes: [...new Set(read.flatMap(({ notes }) => notes))] };
}
