/** A program's own data as a source of records: read once, named by a hash of what it gave, and opened as arrays are. */
import { createHash, type Hash } from 'node:crypto';
import { UserError } from '../../../../../shared/user-error.js';
import type { GivenData } from '../../source.js';
import { SpecOptions } from '../../spec.js';
import { dataOfArrays, type Pair } from '../data-set.js';
import type { DeclaredClasses } from '../labels.js';
import { dataOfNamedArrays, type NamedArray } from '../named-set.js';
import { type PlainArray, recordSizeOf } from '../plain-array.js';
import { isNamed, namedParts, type OwnPart } from './named.js';
import { checkedForm, type OwnDataSet } from './own-data-set.js';
import { ownName } from './own-name.js';
import { pairOf } from './records.js';

/**
 * @param raw an `OwnDataSet`, from whoever writes programs
 * @param where begins the place in every error: empty, or `FILE: `
 * @throws UserError; whatever the program's own iterators throw
 */
export async function readOwnData(raw: unknown, where = ''): Promise<GivenData> {
  if (isNamed(raw)) return givenParts(await namedParts(raw, where));
  const form = checkedForm(raw, where);
  const train = await pairOf(form.train, form, `${where}train`);
  const test = isPart(form.test) ? await pairOf(form.test, form, `${where}test`) : undefined;
  if (test?.weight)
    throw new UserError(`${test.weight.title}: evaluations count every record once, so leave it out`, 2);
  const name = ownName(hashOf(form, [train, test]));
  return {
    name,
    open: (reader) => dataOfArrays({ name, train, test, classes: classesOf(form) }, optionsOf(form), reader),
  };
}

function givenParts(parts: readonly OwnPart[]): GivenData {
  const hash = createHash('sha256');
  for (const { input, output, form, train, test } of parts)
    hash.update(JSON.stringify({ input, output })).update(hashOf(form, [train, test]));
  const name = ownName(hash.digest('hex'));
  const once = (side: 'x' | 'y', nameOf: (part: OwnPart) => string): NamedArray[] =>
    parts
      .filter((part, at) => parts.findIndex((other) => nameOf(other) === nameOf(part)) === at)
      .map((part) => ({
        name: nameOf(part),
        train: part.train[side],
        test: part.test?.[side],
        classes: side === 'y' ? classesOf(part.form) : undefined,
        options: optionsOf(part.form),
      }));
  const inputs = once('x', ({ input }) => input);
  const outputs = once('y', ({ output }) => output);
  const { weight } = parts[0]!.train;
  return { name, open: (reader) => dataOfNamedArrays({ name, inputs, outputs, weight }, reader) };
}

const isPart = (test: OwnDataSet['test']): test is Exclude<typeof test, number | undefined> =>
  test !== undefined && typeof test !== 'number';

function classesOf({ label }: OwnDataSet): DeclaredClasses | undefined {
  if (!label || label.kind === 'value') return undefined;
  if (label.names) return { classes: label.names.length, names: [...label.names] };
  return label.classes === undefined ? undefined : { classes: label.classes };
}

const TASKS = { class: 'classification', multilabel: 'multilabel', value: 'regression' } as const;

/** What arrays of files say behind the question mark. */
function optionsOf({ x, label, test, seed, normalize }: OwnDataSet): SpecOptions {
  const options = new Map([['shape', x.shape.join('x')]]);
  if (label) options.set('task', TASKS[label.kind]);
  if (typeof test === 'number') options.set('test', String(test));
  if (seed !== undefined) options.set('seed', String(seed));
  if (normalize !== undefined) options.set('normalize', normalize);
  return new SpecOptions(options);
}

/** SHA-256 of all that decides the records, however the program gave the same numbers. */
function hashOf(form: OwnDataSet, pairs: readonly (Pair | undefined)[]): string {
  const hash = createHash('sha256');
  const { x, label, test, seed, normalize } = form;
  const share = typeof test === 'number' ? test : undefined;
  hash.update(JSON.stringify({ shape: x.shape, classes: classesOf(form), label: label?.kind }));
  hash.update(JSON.stringify({ share, seed, normalize }));
  for (const pair of pairs) {
    const arrays = pair ? [pair.x, pair.y, pair.weight] : [];
    for (const array of arrays) if (array) addArray(hash, array);
  }
  return hash.digest('hex');
}

/** Numbers are hashed as float64, some records at a time. */
const BLOCK = 1 << 16;

function addArray(hash: Hash, array: PlainArray): void {
  const { shape, kind, values } = array;
  hash.update(JSON.stringify({ shape, isBytes: array.dtype === 'uint8', kind }));
  if (values instanceof Uint8Array) return void hash.update(values);
  if (kind === 'text') return void hash.update(JSON.stringify(values));
  const numbers = values as ArrayLike<number>;
  const count = shape[0]! * recordSizeOf(array);
  for (let from = 0; from < count; from += BLOCK) {
    const block = new Float64Array(Math.min(BLOCK, count - from));
    for (let i = 0; i < block.length; i++) block[i] = numbers[from + i]!;
    hash.update(new Uint8Array(block.buffer));
  }
}
