/** What the labels of arrays are: classes, a class for each position, or numbers to predict. */
import type { LabelKind, RecordArray, RecordFormat, TensorSpec } from '../../../../shared/data/manifest.js';
import { sizeOf } from '../../../../shared/numerics/shape.js';
import { UserError } from '../../../../shared/user-error.js';
import { untrainedWarnings } from '../labels/classes.js';
import { choiceOption } from '../options.js';
import type { SpecOptions } from '../spec.js';
import { numbersOf, type PlainArray, recordSizeOf } from './plain-array.js';

export interface Labels {
  y: TensorSpec;
  label: LabelKind;
  /** How they were read, in words. */
  notes: string[];
  warnings: string[];
  /** The classes of an array's records; of a regression, the numbers as they are, in float64. */
  of(array: PlainArray): RecordArray | Float64Array;
  /** The class that the model does not know, for a record that has one. */
  unknownOf?(array: PlainArray, record: number): string | undefined;
}

const INDEX: TensorSpec = { shape: [], dtype: 'int32' };
const TASKS = ['auto', 'classification', 'regression', 'multilabel'] as const;

/** Classes that the data's owner has told: also those that no record has, in an order of their own. */
export interface DeclaredClasses {
  classes: number;
  names?: string[];
}

/**
 * @param arrays those of all parts: a class that stands in one of them counts
 * @param trained what the model was trained on, if there is one
 * @param declared what classes there are, where that is not to be read off the labels
 * @throws UserError naming the array and the record
 */
export function labelsOf(
  arrays: readonly PlainArray[],
  options: SpecOptions,
  trained: RecordFormat | undefined,
  declared?: DeclaredClasses,
): Labels {
  const [first] = arrays as [PlainArray];
  for (const array of arrays) {
    if (`${array.shape.slice(1)}` === `${first.shape.slice(1)}` && isText(array) === isText(first)) continue;
    throw new UserError(`${first.title} and ${array.title} hold labels of different kinds or shapes`);
  }
  const task = choiceOption(options, 'task', TASKS, 'auto');
  const isSeveral = trained ? trained.label.kind === 'multilabel' : task === 'multilabel';
  if (isSeveral) return severalClasses(arrays, trained, declared, []);
  const isValue = trained ? trained.label.kind === 'value' : task === 'regression';
  if (isText(first) && !isValue) return namedClasses(arrays, trained, declared);
  if (!isText(first)) {
    if (recordSizeOf(first) > 1 && !isValue && arrays.every(isOneHot))
      return oneHot(first, trained, declared);
    if (task === 'auto' && !trained && arrays.every(isIndicator))
      return severalClasses(arrays, trained, declared, [
        `${first.title} holds 0 and 1 in ${recordSizeOf(first)} columns: any number of classes at once (task=multilabel says so; task=classification reads a class for each position)`,
      ]);
    const asClasses = trained ? !isValue : task === 'classification' || (task === 'auto' && isWhole(first));
    if (asClasses) return numberedClasses(arrays, trained, declared);
    if (recordSizeOf(first) === 1) return values(first, task);
  }
  throw new UserError(
    isText(first)
      ? `${first.title} holds texts: a regression predicts numbers`
      : `${first.title} has ${recordSizeOf(first)} numbers a record: a regression predicts one (task=classification reads whole numbers as classes)`,
  );
}

const isText = ({ kind }: PlainArray) => kind === 'text';
const isWhole = ({ kind }: PlainArray) => kind === 'integer' || kind === 'bool';

function values(array: PlainArray, task: string): Labels {
  const notes =
    task === 'auto' && !isWhole(array)
      ? [
          `${array.title} holds ${array.dtype}: a regression (task=classification reads whole numbers as classes)`,
        ]
      : [];
  return {
    ...{ y: { shape: [1], dtype: 'float32' }, label: { kind: 'value' }, notes, warnings: [] },
    of: (array) => Float64Array.from(numbersOf(array)),
  };
}

/** Texts are the names of classes, in alphabetical order; or those of the model. */
function namedClasses(
  arrays: readonly PlainArray[],
  trained: RecordFormat | undefined,
  declared: DeclaredClasses | undefined,
): Labels {
  const [{ shape, title }] = arrays as [PlainArray];
  if (sizeOf(shape.slice(1)) !== 1)
    throw new UserError(`${title} has more than one text a record: one name of a class is needed`);
  const known = trained?.label.kind === 'class' ? namesOf(trained.label) : undefined;
  const found = [...new Set(arrays.flatMap(({ values }) => values as string[]))].sort();
  const names = known ?? declared?.names ?? found;
  if (names.length < 2)
    throw new UserError(`${title} has only one class (${names[0]}): nothing to tell apart`);
  const at = new Map(names.map((name, index) => [name, index]));
  return {
    ...{ y: INDEX, label: { kind: 'class', classes: names.length, names }, notes: [] },
    warnings: known
      ? []
      : untrainedWarnings(`record of ${title}`, names, new Set(arrays[0]!.values as string[])),
    of: (array) => Int32Array.from(array.values as string[], (name) => at.get(name) ?? -1),
    unknownOf: (array, record) => {
      const name = (array.values as string[])[record]!;
      return at.has(name) ? undefined : name;
    },
  };
}

/** Whole numbers from 0 are classes; a `y` of more numbers than one has a class for each position. */
function numberedClasses(
  arrays: readonly PlainArray[],
  trained: RecordFormat | undefined,
  declared: DeclaredClasses | undefined,
): Labels {
  const [first] = arrays as [PlainArray];
  let greatest = 0;
  for (const array of arrays) {
    const numbers = numbersOf(array);
    for (let i = 0; i < numbers.length; i++) {
      const value = numbers[i]!;
      if (Number.isInteger(value) && value >= 0) greatest = Math.max(greatest, value);
      else
        throw new UserError(
          `${array.title}, record ${Math.floor(i / recordSizeOf(array))}: ${value} is no class: whole numbers from 0 are (task=regression predicts the number)`,
        );
    }
  }
  const shape = recordSizeOf(first) === 1 ? [] : first.shape.slice(1);
  const y: TensorSpec = { shape, dtype: 'int32' };
  const of = (array: PlainArray) => Int32Array.from(numbersOf(array));
  if (trained?.label.kind === 'class') {
    const names = namesOf(trained.label);
    // By its name, where the model's classes have names: the number 3 is the class "3".
    const at = new Map(names.map((name, index) => [name, index]));
    const nameOf = (value: number) => declared?.names?.[value] ?? `${value}`;
    const indexOf = (value: number) => at.get(nameOf(value)) ?? -1;
    return {
      ...{ y, label: trained.label, notes: [], warnings: [] },
      of: (array) => of(array).map(indexOf),
      ...(shape.length === 0
        ? {
            unknownOf: (array: PlainArray, record: number) => {
              const name = nameOf(numbersOf(array)[record]!);
              return at.has(name) ? undefined : name;
            },
          }
        : {}),
    };
  }
  const classes = declared?.classes ?? greatest + 1;
  if (classes < 2) throw new UserError(`${first.title} has only one class (0): nothing to tell apart`);
  const records = arrays.reduce((sum, { shape }) => sum + shape[0]!, 0);
  if (!declared && shape.length === 0 && classes > records)
    throw new UserError(
      `${first.title} holds ${greatest} among ${records} labels: these are no classes from 0 on (task=regression predicts the number)`,
    );
  const label = { kind: 'class' as const, classes, ...declared };
  const present = new Set([...new Set(of(first))].map(String));
  return {
    ...{ y, label, notes: [], of },
    warnings: untrainedWarnings(`record of ${first.title}`, namesOf(label), present),
  };
}

const namesOf = ({ classes, names }: Exclude<LabelKind, { kind: 'value' }>): string[] =>
  names ?? Array.from({ length: classes }, (_, index) => `${index}`);

/** Several columns, each of 0 and 1. */
const isIndicator = ({ shape, values }: PlainArray): boolean =>
  shape.length === 2 &&
  shape[1]! > 1 &&
  (values as ArrayLike<unknown>).length > 0 &&
  Array.prototype.every.call(values, (value) => Number(value) === 0 || Number(value) === 1);

/** Any number of classes at once: a column of 0 and 1 for each. */
function severalClasses(
  arrays: readonly PlainArray[],
  trained: RecordFormat | undefined,
  declared: DeclaredClasses | undefined,
  notes: string[],
): Labels {
  const [{ shape, title }] = arrays as [PlainArray];
  const classes = shape[1] ?? 1;
  if (isText(arrays[0]!) || shape.length !== 2 || classes < 2)
    throw new UserError(
      `${title} has labels of shape [${shape.slice(1)}]${isText(arrays[0]!) ? ' of texts' : ''}: several classes at once are a column of 0 and 1 for each, [records, classes]`,
    );
  const known = trained?.label.kind === 'multilabel' ? trained.label : undefined;
  const wanted = known?.classes ?? declared?.classes;
  if (wanted !== undefined && wanted !== classes)
    throw new UserError(
      `${title} has ${classes} columns, and there are ${wanted} classes${known ? ' in the model' : ''}`,
    );
  for (const array of arrays) {
    const numbers = numbersOf(array);
    const bad = Array.prototype.findIndex.call(numbers, (value) => value !== 0 && value !== 1);
    if (bad >= 0)
      throw new UserError(
        `${array.title}, record ${Math.floor(bad / classes)}, class ${bad % classes}: ${numbers[bad]} is neither 0 nor 1`,
      );
  }
  const label = known ?? {
    kind: 'multilabel' as const,
    classes,
    ...(declared?.names && { names: declared.names }),
  };
  const first = numbersOf(arrays[0]!);
  const present = new Set<string>();
  const names = namesOf(label);
  for (let i = 0; i < first.length; i++) if (first[i] === 1) present.add(names[i % classes]!);
  return {
    ...{ y: { shape: [classes], dtype: 'uint8' }, label, notes },
    warnings: known ? [] : untrainedWarnings(`record of ${title}`, names, present),
    of: (array) => Uint8Array.from(numbersOf(array)),
  };
}

/** A 1 in the column of the class, and 0 elsewhere. */
function isOneHot(array: PlainArray): boolean {
  if (array.shape.length !== 2) return false;
  const columns = array.shape[1]!;
  const numbers = numbersOf(array);
  for (let from = 0; from < numbers.length; from += columns) {
    let ones = 0;
    for (let i = from; i < from + columns; i++) {
      if (numbers[i] === 1) ones++;
      else if (numbers[i] !== 0) return false;
    }
    if (ones !== 1) return false;
  }
  return true;
}

function oneHot(
  first: PlainArray,
  trained: RecordFormat | undefined,
  declared: DeclaredClasses | undefined,
): Labels {
  const classes = first.shape[1]!;
  const { title } = first;
  const known = trained?.label.kind === 'class' ? trained.label : undefined;
  if (known && known.classes !== classes)
    throw new UserError(`${title} has ${classes} classes, the model ${known.classes}`);
  return {
    ...{ y: INDEX, label: known ?? { kind: 'class', classes, ...declared }, warnings: [] },
    notes: [`${title} is one-hot: ${classes} classes`],
    of(array) {
      const numbers = numbersOf(array);
      return Int32Array.from({ length: array.shape[0]! }, (_, record) => {
        let column = 0;
        while (numbers[record * classes + column] !== 1) column++;
        return column;
      });
    },
  };
}
