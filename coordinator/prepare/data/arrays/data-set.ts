/** A data set of arrays: x and y, records first, for training and for testing, or for both in one. */
import { AS_IT_IS } from '../../../../shared/data/manifest.js';
import { UserError } from '../../../../shared/user-error.js';
import { drawTest } from '../draw.js';
import { countsOf } from '../labels/classes.js';
import { checkedWeights, weightsNote } from '../labels/record-weights.js';
import { choiceOption } from '../options.js';
import { scaled, scalingOf } from '../scaling/scaling.js';
import { beyondRange, targetNote } from '../scaling/target.js';
import type { DataSet, Reader, Records, UnknownClass } from '../source.js';
import type { SpecOptions } from '../spec.js';
import { featuresOf, recordSpecOf } from './features.js';
import { type DeclaredClasses, type Labels, labelsOf } from './labels.js';
import { type PlainArray, recordSizeOf } from './plain-array.js';

export interface Pair {
  x: PlainArray;
  y: PlainArray;
  /** What each record counts in training. */
  weight?: PlainArray | undefined;
}

export interface Arrays {
  name: string;
  train: Pair;
  /** Undefined: a share of the training records, by the options `test` and `seed`. */
  test: Pair | undefined;
  /** What classes there are, where the labels alone do not tell. */
  classes?: DeclaredClasses | undefined;
}

/** The options that `dataOfArrays` reads. */
export const ARRAY_OPTIONS = ['test', 'seed', 'task', 'shape', 'normalize'] as const;

/** @throws UserError naming the array, the record and the remedy */
export async function dataOfArrays(arrays: Arrays, options: SpecOptions, reader: Reader): Promise<DataSet> {
  const { name } = arrays;
  for (const pair of [arrays.train, arrays.test]) if (pair) checkPair(pair);
  const { train, test, parts } = partsOf(arrays, options);
  if (`${train.x.shape.slice(1)}` !== `${test.x.shape.slice(1)}`)
    throw new UserError(
      `records of ${train.x.title} have shape [${train.x.shape.slice(1)}], those of ${test.x.title} [${test.x.shape.slice(1)}]`,
    );
  const { x, notes } = recordSpecOf(train.x, options);
  if (x.dtype === 'uint8' && test.x.dtype !== 'uint8')
    throw new UserError(`${train.x.title} holds uint8, ${test.x.title} ${test.x.dtype}: save both alike`);
  const labels = labelsOf([train.y, test.y], options, reader.trained, arrays.classes);
  const shapes = { x, y: labels.y, label: labels.label };
  // Asked for both ends of the model, which is built once for that.
  let ends: ReturnType<NonNullable<Reader['endsOf']>> | undefined;
  const { endsOf } = reader;
  const asking: Reader = endsOf ? { ...reader, endsOf: () => (ends ??= endsOf(shapes)) } : reader;
  // What a model does not know is left out before anything is scaled: only of data read for a model.
  const unknown = { train: unknownOf(train.y, labels), test: unknownOf(test.y, labels) };
  const used = { train: known(train, labels), test: known(test, labels) };
  const features = await featuresOf(used.train.x, shapes, options, asking);
  const target = await targetOf(used.train, labels, shapes, options, asking);
  const weight = used.train.weight && weightsOf(used.train.weight);
  const recordsOf = ({ x, y }: Pair): Records => ({
    count: x.shape[0]!,
    x: features.of(x),
    y: target.of(labels.of(y), y),
  });
  const { columns } = features;
  return {
    name,
    ...shapes,
    label: target.label,
    ...(columns ? { columns: { named: true, label: 'y', features: columns } } : {}),
    normalisation: features.normalisation,
    train: { ...recordsOf(used.train), ...(weight && { weight }) },
    test: recordsOf(used.test),
    parts,
    notes: [
      ...[...notes, ...labels.notes, ...features.notes, ...target.notes],
      ...(weight ? [weightsNote(used.train.weight!.title, weight)] : []),
    ],
    warnings: [...labels.warnings, ...features.warnings, ...target.warnings],
    ...(reader.trained ? { unknownClasses: unknown } : {}),
  };
}

function checkPair({ x, y, weight }: Pair): void {
  for (const { title, shape } of [x, y]) {
    if (shape.length === 0)
      throw new UserError(`${title} is a single value: records stand along the first axis`);
    if (shape[0] === 0) throw new UserError(`${title} has no records: give more data`);
  }
  if (x.shape[0] !== y.shape[0])
    throw new UserError(`${x.title} has ${x.shape[0]} records, ${y.title} ${y.shape[0]}: they do not match`);
  if (!weight) return;
  if (weight.kind === 'text')
    throw new UserError(`${weight.title} holds texts: weights are numbers of at least 0, one a record`);
  if (`${weight.shape}` !== `${x.shape[0]}`)
    throw new UserError(
      `${weight.title} has shape [${weight.shape}], ${x.title} ${x.shape[0]} records: weights are one number a record`,
    );
}

const weightsOf = ({ title, values }: PlainArray): Float32Array =>
  checkedWeights(values as ArrayLike<number>, (record) => `${title}, record ${record}`);

function partsOf({ train, test }: Arrays, options: SpecOptions) {
  const count = train.x.shape[0]!;
  if (test) {
    const parts = {
      train: `all ${count} records of ${train.x.title}`,
      test: `all ${test.x.shape[0]} records of ${test.x.title}`,
    };
    return { train, test, parts };
  }
  const { share, seed, ...drawn } = drawTest(count, options);
  if (drawn.train.length === 0)
    throw new UserError(`${train.x.title} has ${count} records: too few for a test set`);
  const text = (records: number[]) =>
    `${records.length} of the ${count} records of ${train.x.title}, drawn by test=${share}&seed=${seed}`;
  const pick = (records: number[]): Pair => pickedPair(train, records);
  return {
    ...{ train: pick(drawn.train), test: pick(drawn.test) },
    parts: { train: text(drawn.train), test: text(drawn.test) },
  };
}

/** The array of these records alone. */
function picked(array: PlainArray, records: readonly number[]): PlainArray {
  const size = recordSizeOf(array);
  const shape = [records.length, ...array.shape.slice(1)];
  const { values } = array;
  const at = (i: number) => records[Math.floor(i / size)]! * size + (i % size);
  const length = records.length * size;
  if (array.kind === 'text')
    return { ...array, shape, values: Array.from({ length }, (_, i) => values[at(i)] as string) };
  const numbers = new (array.dtype === 'uint8' ? Uint8Array : Float64Array)(length);
  for (let i = 0; i < length; i++) numbers[i] = values[at(i)] as number;
  return { ...array, shape, values: numbers };
}

function unknownOf(y: PlainArray, { unknownOf }: Labels): UnknownClass[] {
  if (!unknownOf) return [];
  const names = Array.from({ length: y.shape[0]! }, (_, record) => unknownOf(y, record));
  return countsOf(names.filter((name) => name !== undefined));
}

function known(pair: Pair, { unknownOf }: Labels): Pair {
  if (!unknownOf) return pair;
  const records = Array.from({ length: pair.y.shape[0]! }, (_, record) => record);
  const kept = records.filter((record) => unknownOf(pair.y, record) === undefined);
  if (kept.length === records.length) return pair;
  return pickedPair(pair, kept);
}

/** These records alone. */
const pickedPair = ({ x, y, weight }: Pair, records: readonly number[]): Pair => ({
  x: picked(x, records),
  y: picked(y, records),
  weight: weight && picked(weight, records),
});

interface Target {
  label: DataSet['label'];
  notes: string[];
  warnings: string[];
  of(labels: ReturnType<Labels['of']>, y: PlainArray): Records['y'];
}

/** Numbers to predict are standardized, unless the model's end is not to be fed back standardized ones. */
async function targetOf(
  { y }: Pair,
  { label, of }: Labels,
  shapes: Pick<DataSet, 'x' | 'y' | 'label'>,
  options: SpecOptions,
  { endsOf, trained }: Reader,
): Promise<Target> {
  if (label.kind !== 'value')
    return { ...{ label, notes: [], warnings: [] }, of: (labels) => labels as Records['y'] };
  const { output } = (await endsOf?.(shapes)) ?? {};
  const choice = choiceOption(options, 'normalize', ['auto', 'standard', 'none'], 'auto');
  const isStandard = choice === 'standard' || (choice === 'auto' && !output);
  const known = trained?.label.kind === 'value' ? (trained.label.scaling ?? AS_IT_IS) : undefined;
  const scaling = known ?? (isStandard ? scalingOf(finite(of(y), y)) : AS_IT_IS);
  return {
    label: { kind: 'value', scaling },
    notes: known ? [] : [targetNote(y.title, scaling, choice === 'auto' ? output : undefined)],
    warnings: known
      ? []
      : beyondRange(of(y), scaling, output, (record) => `${y.title}, record ${record}: the target`),
    of: (numbers, array) => Float32Array.from(finite(numbers, array), (value) => scaled(value, scaling)),
  };
}

function finite(numbers: ArrayLike<number>, { title }: PlainArray): Float64Array {
  const values = Float64Array.from(numbers);
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return values;
  throw new UserError(`${title}, record ${bad}: ${values[bad]} is no number to predict`);
}
