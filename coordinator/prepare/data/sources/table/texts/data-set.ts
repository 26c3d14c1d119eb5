/**
 * A table with a column of texts, `text=COLUMN`, as records of varying length. The vocabulary is that of the training
 * rows. Records stand in the order of their lengths, so that neighbors are padded alike: shared/data/token-lengths.ts.
 */
import type { RecordFormat, Tokens } from '../../../../../../shared/data/manifest.js';
import { chooseBuckets, LEAST_LENGTH } from '../../../../../../shared/data/token-lengths.js';
import { UserError } from '../../../../../../shared/user-error.js';
import { weightsNote } from '../../../labels/record-weights.js';
import { choiceOption, wholeOption } from '../../../options.js';
import { FED_AS_STORED } from '../../../scaling/normalization.js';
import type { DataSet, Reader, Records } from '../../../source.js';
import type { SpecOptions } from '../../../spec.js';
import { columnOf, type Head, nameOf } from '../cells/table.js';
import { checkCells, classesOfCells, numbersInCells } from '../features/check.js';
import { chooseScalings, normalizeOption } from '../features/normalize.js';
import { scaledLabels } from '../features/records.js';
import { weightsOfRows } from '../features/weights.js';
import { classesOf, spellingNotes, VALUES } from '../labels/classes.js';
import { weightColumn } from '../picking/columns.js';
import { type Part, split } from '../picking/parts.js';
import type { Picked, TableReader } from '../picking/reading.js';
import { countUnknown, recordsOfTokens, tokensOfRows } from './records.js';
import { vocabularyOf } from './tokenize.js';

/** Tokens of a vocabulary, unless it is given. */
const VOCABULARY = 10_000;
/** What is longer is cut, unless a length is given. */
const MAX_LENGTH = 256;
/** The store keeps records in memory. */
const MAX_BYTES = 2 ** 30;

/** Options of tables that say what their columns of numbers become. */
const FOR_NUMBERS = ['features', 'drop', 'categories', 'unknown', 'shape', 'separator'] as const;

export const TEXT_OPTIONS = ['text', 'vocabulary', 'tokens', 'max-length'] as const;

/** Whether the table is read for its texts. @throws UserError for options that are for nothing else */
export function hasTexts(options: SpecOptions, { trained }: Reader): boolean {
  if (trained) return trained.tokens !== undefined;
  if (options.get('text') !== undefined) return true;
  const idle = ['vocabulary', 'tokens', 'max-length'].find((name) => options.get(name) !== undefined);
  if (idle === undefined) return false;
  throw new UserError(`--data option ${idle} is for texts: say which column they are in (text=COLUMN)`, 2);
}

/** @throws UserError */
export async function dataOfTexts(
  scheme: string,
  read: TableReader,
  file: string,
  options: SpecOptions,
  reader: Reader,
  testFile?: string,
): Promise<DataSet> {
  const { trained } = reader;
  const idle = FOR_NUMBERS.find((name) => options.get(name) !== undefined);
  if (idle)
    throw new UserError(`--data option ${idle} is for columns of numbers: leave it out beside text`, 2);
  const known = trained?.tokens?.columns;
  const textColumn = options.get('text') ?? known?.text;
  const labelColumn = options.get('label') ?? known?.label;
  if (textColumn === undefined)
    throw new UserError(`--data ${scheme}:${file}: say which column has the texts (text=COLUMN)`, 2);
  const usual = trained?.label.kind === 'value' ? 'regression' : 'classification';
  const task = choiceOption(options, 'task', ['classification', 'regression'], usual);
  const isRegression = task === 'regression';
  const named = [textColumn, labelColumn].filter((name) => name !== undefined && !/^-?\d+$/.test(name));
  const request = {
    ...{ file, options, isRegression, text: textColumn },
    known: named as string[],
    pick: (head: Head) => pickTexts(head, textColumn, labelColumn, options),
  };
  const own = await read(request);
  const { table, picked } = own;
  const label = nameOf(table, picked.label);
  const notes = [`${file}: ${table.dialect}; the texts are ${textColumn}, the label is ${label}`];
  const parts = await split(read, request, own, options.get('testfile') ?? testFile, notes, request.pick);
  if (!isRegression) notes.push(...parts.sheets.flatMap(spellingNotes));
  const checkLabel = isRegression ? numbersInCells : classesOfCells;
  // Labels alone: texts are any.
  for (const sheet of parts.sheets)
    checkCells({ ...sheet, picked: { ...sheet.picked, features: [] } }, NO_CODES, checkLabel);

  const unit = trained?.tokens?.unit ?? choiceOption(options, 'tokens', ['words', 'characters'], 'words');
  const train = byLength(parts.train, unit);
  const test = byLength(parts.test, unit);
  const vocabulary = trained?.tokens?.vocabulary ?? vocabularyFrom(train.texts, options);
  const longest = [...train.texts, ...test.texts].reduce(
    (most, { length }) => Math.max(most, length),
    LEAST_LENGTH,
  );
  const length = trained?.x.shape[0] ?? lengthOption(options, reader) ?? Math.min(MAX_LENGTH, longest);
  checkSize(file, train.texts.length + test.texts.length, length);
  const lengths = train.texts.map((text) => Math.min(length, text.length));
  const tokens: Tokens = {
    unit,
    vocabulary,
    buckets: trained?.tokens?.buckets ?? bucketsFor(lengths, Math.min(length, longest), length),
    columns: known ?? { named: table.names !== undefined, text: nameOf(table, picked.features[0]!), label },
  };
  notes.push(...tellTexts({ train: train.texts, test: test.texts, tokens, length }));

  const labels = isRegression ? VALUES : classesOf({ ...parts, train: train.part, test: test.part }, reader);
  const x = { shape: [length], dtype: 'int32' as const };
  const target = await targetOf(train.part, { x, y: labels.y, label: labels.label, tokens }, options, reader);
  const { rowsOf, of, ...told } = labels;
  const knownOf = (part: Part): Part => ({ ...part, rows: rowsOf(part) });
  const recordsOf = ({ part, texts }: Sorted): Records => {
    const used = knownOf(part);
    const rows = new Set(used.rows);
    const own = texts.filter((_, at) => rows.has(part.rows[at]!));
    const y = of ? of(used) : scaledLabels(used, target.scaling);
    return { count: own.length, x: recordsOfTokens(own, vocabulary, length), y };
  };
  const weight = trained ? undefined : weightsOfRows(knownOf(train.part));
  if (weight) notes.push(weightsNote(`column ${nameOf(table, picked.weight!)}`, weight));
  return {
    name: `${scheme}:${file}`,
    x,
    ...told,
    ...(of ? {} : { label: { kind: 'value' as const, scaling: target.scaling } }),
    tokens,
    normalisation: FED_AS_STORED,
    train: { ...recordsOf(train), ...(weight && { weight }) },
    test: recordsOf(test),
    parts: { train: parts.train.text, test: parts.test.text },
    notes: [...notes, ...target.notes],
    warnings: [...(told.warnings ?? []), ...target.warnings, ...cutWarnings(train.texts, length)],
  };
}

const NO_CODES = { codes: [], unknown: 'refuse' as const };

function pickTexts(head: Head, text: string, label: string | undefined, options: SpecOptions): Picked {
  const column = columnOf(head, text, 'text');
  const labelColumn = columnOf(head, label ?? '-1', 'label');
  if (column === labelColumn)
    throw new UserError(`${head.file}: ${text} has the texts and cannot be the label too (label=COLUMN)`, 2);
  const weight = weightColumn(head, labelColumn, options);
  return { label: labelColumn, features: [column], ...(weight === undefined ? {} : { weight }) };
}

interface Sorted {
  part: Part;
  /** The tokens of its rows. */
  texts: string[][];
}

/** Rows of one length stay in their order. */
function byLength(part: Part, unit: Tokens['unit']): Sorted {
  const texts = tokensOfRows(part, unit);
  const order = Array.from(texts, (_, at) => at).sort((a, b) => texts[a]!.length - texts[b]!.length || a - b);
  return {
    part: { ...part, rows: order.map((at) => part.rows[at]!) },
    texts: order.map((at) => texts[at]!),
  };
}

function vocabularyFrom(texts: readonly string[][], options: SpecOptions): string[] {
  return vocabularyOf(texts, wholeOption(options, 'vocabulary', VOCABULARY, 1));
}

/** The last bucket is as long as records are stored, so that a model takes longer texts than it was trained on. */
function bucketsFor(lengths: readonly number[], longest: number, stored: number): number[] {
  const buckets = chooseBuckets(lengths, longest);
  return buckets.at(-1) === stored ? buckets : [...buckets, stored];
}

function checkSize(file: string, records: number, length: number): void {
  const bytes = 4 * records * length;
  if (bytes <= MAX_BYTES) return;
  throw new UserError(
    `${file}: ${records} texts of up to ${length} tokens take ${(bytes / 2 ** 30).toFixed(1)} GiB: give a smaller --data option max-length`,
    2,
  );
}

interface Texts {
  train: readonly string[][];
  test: readonly string[][];
  tokens: Tokens;
  length: number;
}

function tellTexts({ train, test, tokens: { unit, vocabulary, buckets }, length }: Texts): string[] {
  const { tokens, unknown } = countUnknown(test, vocabulary);
  const share = tokens > 0 ? ((100 * unknown) / tokens).toFixed(1) : '0';
  const longest = train.at(-1)?.length ?? 0;
  return [
    `texts are cut into ${unit}: ${vocabulary.length} of the training texts are known, ${share} % of the test texts are not among them; the longest training text has ${longest}, records hold ${length}, computed in lengths of ${buckets.join(', ')}`,
  ];
}

function cutWarnings(train: readonly string[][], length: number): string[] {
  const cut = train.filter((text) => text.length > length).length;
  if (cut === 0) return [];
  return [
    `${cut} of ${train.length} training texts are longer than ${length} tokens, and are cut there: --max-length N gives another length`,
  ];
}

/** Of the data's spec, or of the run. */
function lengthOption(options: SpecOptions, { maxLength }: Reader): number | undefined {
  const given =
    options.get('max-length') === undefined
      ? undefined
      : wholeOption(options, 'max-length', LEAST_LENGTH, LEAST_LENGTH);
  if (given === undefined || maxLength === undefined || given === maxLength) return given ?? maxLength;
  throw new UserError(
    `--max-length ${maxLength} and --data option max-length=${given} differ: give one of them`,
    2,
  );
}

/** The scale of numbers to predict. */
async function targetOf(
  train: Part,
  shapes: Pick<RecordFormat, 'x' | 'y' | 'label' | 'tokens'>,
  options: SpecOptions,
  reader: Reader,
) {
  const { trained } = reader;
  const isValue = shapes.label.kind === 'value';
  if (trained) {
    const scaling = (trained.label.kind === 'value' && trained.label.scaling) || { mean: 0, std: 1 };
    return { scaling, notes: [], warnings: [] };
  }
  const ends = (await reader.endsOf?.(shapes)) ?? {};
  const part = { ...train, picked: { ...train.picked, features: [] } };
  const { label, notes, warnings } = chooseScalings(
    part,
    NO_CODES,
    normalizeOption(train.table, options),
    ends,
    isValue,
  );
  return { scaling: label, notes: notes.slice(1), warnings };
}
