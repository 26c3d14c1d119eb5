/** The validation set: a part of the training records that evaluations look at, so that the test set is touched once. */
import { concatenated, type RecordArray } from '../../../../shared/data/manifest.js';
import { Random } from '../../../../shared/numerics/random.js';
import { UserError } from '../../../../shared/user-error.js';
import type { DataSet, Records } from '../source.js';
import { drawFold, drawShare } from './stratify.js';

export interface ValidationOptions {
  /** `--validation`: a share of the training records. */
  validation?: number | undefined;
  /** `--fold K/N`: the K-th of N parts of them, from 1. */
  fold?: string | undefined;
  /** `--seed`. */
  seed: number;
}

/** Tells the draw from others of the same seed. */
const DRAW = 0x56414c;

/** @returns the data with a validation set, or as they are where none is asked for. @throws UserError */
export function withValidation(data: DataSet, options: ValidationOptions): DataSet {
  const asked = options.fold
    ? `--fold ${options.fold}`
    : options.validation && `--validation ${options.validation}`;
  if (!asked) return data;
  if (data.validation)
    throw new UserError(
      `${asked}: ${data.name} has a validation set of its own, of ${data.validation.count} records; leave the option out`,
      2,
    );
  const { train, sequence } = data;
  const { weight } = train;
  const records = sequence ? blockOf(train.count, options) : drawn(data, options);
  if (records.length === 0 || records.length === train.count)
    throw new UserError(
      `${asked}: of the ${train.count} training records of ${data.name} it takes ${records.length || 'none'}; give another share, or more data`,
      2,
    );
  const chosen = new Set(records);
  // Neighbors that share values with a validation record would tell the model what it is asked.
  const near = new Set(sequence ? neighbors(records, sequence.overlap, train.count) : []);
  const kept: number[] = [];
  for (let record = 0; record < train.count; record++)
    if (!chosen.has(record) && !near.has(record)) kept.push(record);
  if (kept.length === 0)
    throw new UserError(`${asked}: no training records are left of ${data.name}; give more data`, 2);
  return {
    ...data,
    // The parts of a built set are others now: these are in memory.
    stored: undefined,
    train: { ...picked(train, kept), ...(weight && { weight: rows(weight, train.count, kept) }) },
    validation: picked(train, records),
    notes: [...(data.notes ?? []), noteOf(asked, data, records.length, near.size)],
    warnings: [...(data.warnings ?? []), ...rareClasses(asked, data, records)],
  };
}

/** What workers are to evaluate: the validation set, if there is one, and behind it the test set. */
export function evaluatedRecords({ validation, test }: DataSet): Records {
  if (!validation) return test;
  return {
    count: validation.count + test.count,
    x: concatenated(validation.x, test.x),
    y: concatenated(validation.y, test.y),
  };
}

/** Classes for each position of a record, as in text, are not looked at. */
function classesOf({ label, y, train }: DataSet): ((record: number) => number) | undefined {
  const isOfRecord = label.kind === 'class' && y.shape.length === 0;
  return isOfRecord ? (record) => train.y[record]! : undefined;
}

function drawn(data: DataSet, { validation, fold, seed }: ValidationOptions): number[] {
  const random = new Random(seed, DRAW);
  const { count } = data.train;
  if (!fold) return drawShare(count, validation!, classesOf(data), random);
  return drawFold(count, parseFold(fold), classesOf(data), random);
}

/** Of records that follow each other, a part that lies together: the last share, or the fold in its place. */
function blockOf(count: number, { validation, fold }: ValidationOptions): number[] {
  const { fold: at, folds } = fold ? parseFold(fold) : { fold: 1, folds: 1 };
  const from = fold ? Math.floor((count * at) / folds) : count - Math.round(count * validation!);
  const to = fold ? Math.floor((count * (at + 1)) / folds) : count;
  return Array.from({ length: to - from }, (_, i) => from + i);
}

/** @returns `fold` from 0 */
function parseFold(text: string): { fold: number; folds: number } {
  const [fold, folds] = text.split('/').map(Number) as [number, number];
  if (fold >= 1 && fold <= folds && folds >= 2) return { fold: fold - 1, folds };
  throw new UserError(`--fold ${text}: give K/N with N of at least 2 and K from 1 to N, such as 1/5`, 2);
}

function neighbors(block: readonly number[], overlap: number, count: number): number[] {
  const [first, last] = [block[0]!, block.at(-1)!];
  const near = Array.from({ length: overlap }, (_, i) => [first - 1 - i, last + 1 + i]).flat();
  return near.filter((record) => record >= 0 && record < count);
}

/** The same records, in this order. */
function picked({ x, y, count }: Records, records: readonly number[]): Records {
  return { count: records.length, x: rows(x, count, records), y: rows(y, count, records) };
}

function rows<A extends RecordArray>(values: A, count: number, records: readonly number[]): A {
  const size = values.length / count;
  const taken = new (values.constructor as new (length: number) => A)(records.length * size);
  for (const [at, record] of records.entries())
    taken.set(values.subarray(record * size, (record + 1) * size), at * size);
  return taken;
}

function noteOf(asked: string, data: DataSet, records: number, left: number): string {
  const how = data.sequence ? 'that lie together' : classesOf(data) ? 'a like part of each class' : 'drawn';
  const gap = left > 0 ? `; ${left} beside them that share values with them are left out` : '';
  return `validation set: ${records} of ${data.train.count} training records, ${how} (${asked})${gap}`;
}

/** Classes that the validation set lacks, or that it took whole. */
function rareClasses(asked: string, data: DataSet, records: readonly number[]): string[] {
  const classOf = classesOf(data);
  if (!classOf || data.label.kind !== 'class') return [];
  const total = new Map<number, number>();
  const taken = new Map<number, number>();
  for (let record = 0; record < data.train.count; record++)
    total.set(classOf(record), (total.get(classOf(record)) ?? 0) + 1);
  for (const record of records) taken.set(classOf(record), (taken.get(classOf(record)) ?? 0) + 1);
  const { names } = data.label;
  const listed = (classes: [number, number][]) =>
    classes
      .slice(0, 8)
      .map(([index]) => names?.[index] ?? index)
      .join(', ');
  const lacking = [...total].filter(([index]) => !taken.has(index));
  const whole = [...total].filter(([index, count]) => taken.get(index) === count);
  return [
    ...(lacking.length > 0 ? [`${asked}: no validation record has class ${listed(lacking)}`] : []),
    ...(whole.length > 0
      ? [`${asked}: no training record is left of class ${listed(whole)}: the model cannot learn it`]
      : []),
  ];
}
