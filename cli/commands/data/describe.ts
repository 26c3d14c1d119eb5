/** What is told of a data set: counts, and some records as text. */
import type { DataSet, Records } from '../../../coordinator/prepare/data/source.js';
import { AS_IT_IS, type LabelKind, type RecordFormat } from '../../../shared/data/manifest.js';
import { type ExampleRecord, examplesOf } from './examples.js';

export interface ClassCount {
  name: string;
  count: number;
}

export interface PartDescription {
  records: number;
  /** Of all its records, as workers hold them. */
  bytes: number;
  /** Which of the files' records these are, in words. */
  text: string | undefined;
  /** Labels by class: one a record, one for each position of a record, or any number a record. Absent in a regression. */
  classes?: ClassCount[];
  /** Of the numbers to predict, in their own unit; null where there are none. */
  target?: { least: number; greatest: number; mean: number } | null;
}

export interface DataDescription extends RecordFormat {
  name: string;
  /** How many characters there are, where records are text. */
  vocabulary?: number;
  train: PartDescription;
  /** Where the data have a part for it. */
  validation?: PartDescription;
  test: PartDescription;
  /** The first training records. */
  examples: ExampleRecord[];
  notes: string[];
  warnings: string[];
}

/** @param examples how many training records are told, if there are so many */
export function describeData(data: DataSet, examples: number): DataDescription {
  const { name, x, y, label, columns, tokens, normalisation } = data;
  const part = (records: Records, text?: string): PartDescription => {
    return {
      records: records.count,
      bytes: records.x.byteLength + records.y.byteLength,
      text,
      ...(label.kind !== 'value'
        ? { classes: classCounts(label, records) }
        : { target: targetOf(label, records) }),
    };
  };
  return {
    ...{ name, x, y, label, normalisation },
    ...(columns ? { columns } : {}),
    ...(tokens ? { tokens } : {}),
    ...(isText(data) ? { vocabulary: data.label.kind === 'class' ? data.label.classes : 0 } : {}),
    train: part(data.train, data.parts?.train),
    ...(data.validation ? { validation: part(data.validation) } : {}),
    test: part(data.test, data.parts?.test),
    examples: examplesOf(data, examples, isText(data)),
    notes: data.notes ?? [],
    warnings: data.warnings ?? [],
  };
}

/** Text is a row of characters, with the name of a character as the class at each position. */
const isText = ({ x, y, label }: DataSet): boolean =>
  label.kind === 'class' &&
  label.names !== undefined &&
  x.shape.length === 1 &&
  y.shape.length === 1 &&
  label.names.every((name) => [...name].length === 1);

function classCounts(label: Exclude<LabelKind, { kind: 'value' }>, { y }: Records): ClassCount[] {
  const counts = new Float64Array(label.classes);
  if (label.kind === 'class') for (let at = 0; at < y.length; at++) counts[y[at]!]!++;
  else for (let at = 0; at < y.length; at++) counts[at % label.classes]! += y[at]!;
  return Array.from(counts, (count, number) => ({ name: label.names?.[number] ?? `${number}`, count }));
}

function targetOf(
  { scaling = AS_IT_IS }: LabelKind & { kind: 'value' },
  { y }: Records,
): NonNullable<PartDescription['target']> | null {
  if (y.length === 0) return null;
  let [least, greatest, sum] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (let at = 0; at < y.length; at++) {
    const value = y[at]! * scaling.std + scaling.mean;
    if (value < least) least = value;
    if (value > greatest) greatest = value;
    sum += value;
  }
  return { least, greatest, mean: sum / y.length };
}
