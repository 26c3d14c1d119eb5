/** Data that a program hands over: what it says of them, and what it may give. */
import { didYouMean } from '../../../../../shared/options/closest.js';
import { UserError } from '../../../../../shared/user-error.js';
import { shown } from './values.js';

/** Numbers as they are, or one array within the other; the values of a record stand row by row. */
export type OwnValues = ArrayLike<number> | readonly OwnValues[] | number | boolean;

/** One record of a data set of one's own: its values, and its label. */
export interface OwnRecord {
  x: OwnValues;
  /** A class from 0 on, the name of one, or the number to predict; several numbers are one-hot, one a position, or 0 and 1 for classes of which any number may be there. */
  y: OwnValues | string;
  /** What the record counts in training, at least 0: of all training records, or of none. */
  sampleWeight?: number | undefined;
}

/** All records' values: in one flat array, or an array of records. */
export interface OwnArrays {
  x: ArrayLike<number> | readonly OwnValues[];
  y: ArrayLike<number> | readonly OwnValues[] | readonly string[];
  /** What each record counts in training, at least 0. */
  sampleWeight?: ArrayLike<number> | undefined;
}

/** Records one after the other. */
export type OwnIterable = Iterable<OwnRecord> | AsyncIterable<OwnRecord>;

/** Arrays, or records one after the other: an array of them, a generator, or a function that returns one. */
export type OwnRecords = OwnArrays | OwnIterable | (() => OwnIterable | Promise<OwnIterable>);

/** A data set of one's own program, for `startCoordinator({ data })` and for a module that `--data` names. */
export interface OwnDataSet {
  train: OwnRecords;
  /** A number is a share of the training records, drawn by `seed`; 0.2 unless something is given. */
  test?: OwnRecords | number | undefined;
  /** Shape of one record, without the batch. `uint8` with three axes is a picture; other values become float32. */
  x: { shape: readonly number[]; dtype?: 'uint8' | 'float32' | undefined };
  /** Shape of one record's label, where it has several numbers and they come in a flat array. */
  y?: { shape: readonly number[] } | undefined;
  /** Must be given where labels are plain numbers, which may be either. */
  label?:
    | { kind: 'class' | 'multilabel'; classes?: number | undefined; names?: readonly string[] | undefined }
    | { kind: 'value' }
    | undefined;
  /** `auto`: standardized, unless the model begins with a layer that takes values as they are. */
  normalize?: 'auto' | 'standard' | 'none' | undefined;
  seed?: number | undefined;
}

/** As `OwnRecord`, with each input or output under its name. */
export interface OwnNamedRecord {
  x: OwnRecord['x'] | Readonly<Record<string, OwnRecord['x']>>;
  y: OwnRecord['y'] | Readonly<Record<string, OwnRecord['y']>>;
  sampleWeight?: number | undefined;
}

/** As `OwnArrays`, with the arrays of each input or output under its name. */
export interface OwnNamedArrays {
  x: OwnArrays['x'] | Readonly<Record<string, OwnArrays['x']>>;
  y: OwnArrays['y'] | Readonly<Record<string, OwnArrays['y']>>;
  sampleWeight?: ArrayLike<number> | undefined;
}

/** Records one after the other. */
export type OwnNamedIterable = Iterable<OwnNamedRecord> | AsyncIterable<OwnNamedRecord>;
/** As `OwnRecords`. */
export type OwnNamedRecords =
  | OwnNamedArrays
  | OwnNamedIterable
  | (() => OwnNamedIterable | Promise<OwnNamedIterable>);

/** A data set for a model with several inputs or outputs: what tells of each stands under its name. */
export interface OwnNamedDataSet extends Pick<OwnDataSet, 'normalize' | 'seed'> {
  train: OwnNamedRecords;
  test?: OwnNamedRecords | number | undefined;
  x: OwnDataSet['x'] | Readonly<Record<string, OwnDataSet['x']>>;
  y?: OwnDataSet['y'] | Readonly<Record<string, NonNullable<OwnDataSet['y']>>>;
  label?: OwnDataSet['label'] | Readonly<Record<string, NonNullable<OwnDataSet['label']>>>;
}

const KEYS = ['train', 'test', 'x', 'y', 'label', 'normalize', 'seed'] as const;
const KINDS = ['class', 'multilabel', 'value'];
const LABEL_KEYS = ['kind', 'classes', 'names'] as const;

/**
 * What does not ask for the records: form and words.
 * @param where begins every error: empty, or `FILE: `
 * @throws UserError
 */
export function checkedForm(raw: unknown, where: string): OwnDataSet {
  const refuse = (text: string): never => {
    throw new UserError(`${where}${text}`, 2);
  };
  if (!isObject(raw))
    return refuse('data must be an object: { train: { x, y }, x: { shape }, label: { kind } }');
  onlyKnown(raw, KEYS, 'data', refuse);
  const { train, test, x, y, label, normalize, seed } = raw;
  if (train === undefined) refuse('train is missing: { x, y }, or records of { x, y }');
  if (typeof test === 'number' && !(test > 0 && test < 1))
    refuse(`test must be records, or a share above 0 and below 1, not ${test}`);
  if (!isObject(x) || !isShape(x.shape) || x.shape.length === 0)
    refuse('x.shape must be sizes of at least 1, such as [28, 28, 1]');
  const { dtype } = x as { dtype?: unknown };
  if (dtype !== undefined && dtype !== 'uint8' && dtype !== 'float32')
    refuse(
      `x.dtype must be uint8 or float32, not ${shown(dtype)} (float32 holds whole numbers up to 2^24 exactly)`,
    );
  if (y !== undefined && !(isObject(y) && isShape(y.shape)))
    refuse('y.shape must be sizes of at least 1, such as [10]');
  checkLabel(label, refuse);
  if (normalize !== undefined && !['auto', 'standard', 'none'].includes(normalize as string))
    refuse(`normalize must be auto, standard or none, not ${shown(normalize)}`);
  if (seed !== undefined && !(Number.isSafeInteger(seed) && (seed as number) >= 0))
    refuse(`seed must be a whole number of at least 0, not ${shown(seed)}`);
  return raw as unknown as OwnDataSet;
}

function checkLabel(label: unknown, refuse: (text: string) => never): void {
  if (label === undefined) return;
  if (!isObject(label) || !KINDS.includes(label.kind as string))
    return refuse(
      "label.kind must be 'class', 'multilabel' (any number of classes at once) or 'value' (a number to predict)",
    );
  onlyKnown(label, LABEL_KEYS, 'label', refuse);
  const { kind, classes, names } = label;
  if (kind === 'value' && (classes !== undefined || names !== undefined))
    refuse("label: a number to predict has no classes and no names: leave them out, or say kind: 'class'");
  if (classes !== undefined && !(Number.isSafeInteger(classes) && (classes as number) >= 2))
    refuse(`label.classes must be a whole number of at least 2, not ${shown(classes)}`);
  if (names === undefined) return;
  if (!Array.isArray(names) || names.length < 2 || !names.every((name) => typeof name === 'string'))
    return refuse('label.names must be at least two texts');
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) refuse(`label.names has ${twice} twice: each class needs a name of its own`);
  if (classes !== undefined && classes !== names.length)
    refuse(`label has ${classes} classes and ${names.length} names: leave classes out`);
}

function onlyKnown(
  given: Record<string, unknown>,
  known: readonly string[],
  what: string,
  refuse: (text: string) => never,
): void {
  const other = Object.keys(given).find((key) => !known.includes(key));
  if (other === undefined) return;
  refuse(`${what} has no ${other}; known are ${known.join(', ')}${didYouMean(other, known)}`);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isShape = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 1);
