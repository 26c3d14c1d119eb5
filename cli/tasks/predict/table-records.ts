/** Rows of a table as records: columns by the names that training had, whether the label is there or not. */

import { stat } from 'node:fs/promises';
import type { Head } from '../../../coordinator/prepare/data/sources/table/cells/table.js';
import { readCsv } from '../../../coordinator/prepare/data/sources/table/csv/read.js';
import { checkCells } from '../../../coordinator/prepare/data/sources/table/features/check.js';
import {
  gapNotes,
  trainedEncoding,
} from '../../../coordinator/prepare/data/sources/table/features/encoding.js';
import { featuresOfTable } from '../../../coordinator/prepare/data/sources/table/features/features.js';
import { recordSpecOf } from '../../../coordinator/prepare/data/sources/table/features/shaped.js';
import { readJsonl } from '../../../coordinator/prepare/data/sources/table/jsonl/read.js';
import { missingOption, usedRows } from '../../../coordinator/prepare/data/sources/table/picking/missing.js';
import type { Picked, TableReader } from '../../../coordinator/prepare/data/sources/table/picking/reading.js';
import {
  recordsOfTokens,
  tokensOfRows,
} from '../../../coordinator/prepare/data/sources/table/texts/records.js';
import type { SpecOptions } from '../../../coordinator/prepare/data/spec.js';
import { listed } from '../../../coordinator/prepare/words/listed.js';
import { labelColumns, type RecordFormat, sourceOf, type Tokens } from '../../../shared/data/manifest.js';
import { UserError } from '../../../shared/user-error.js';
import type { UnlabeledRecords } from './unlabeled-records.js';

/** @param bytes of the file, unpacked. @throws UserError naming file, line and column */
export async function recordsOfTable(
  file: string,
  bytes: Uint8Array,
  options: SpecOptions,
  records: RecordFormat,
): Promise<UnlabeledRecords> {
  const { columns, x: spec, y, label } = records;
  if (records.tokens) return recordsOfTexts(file, bytes, options, { tokens: records.tokens, x: spec });
  if (!columns)
    throw new UserError(
      `${file} is a table, and the model was trained on records of shape [${spec.shape.join(', ')}], which have no columns: give an array (NPY or NPZ)`,
      2,
    );
  const names = [...new Set(columns.features.map(sourceOf))];
  const labels = labelColumns({ columns, label });
  const notes: string[] = [];
  const read = await readerOf(
    file,
    bytes,
  )({
    ...{ file, bytes, options, isRegression: false },
    known: columns.named ? names : [],
    pick: (head) => ({
      label: -1,
      features: columns.named ? byName(head, names, labels, notes) : byPlace(head, names, labels, notes),
    }),
  });
  const sheet = sheetOf({ ...read.table, isFixed: true }, read.picked, options, notes);
  const part = { ...sheet, text: file };
  const parts = { train: part, test: part, sheets: [sheet] };
  const encoding = trainedEncoding(columns, parts, options);
  checkCells(sheet, encoding, () => undefined);
  notes.push(...gapNotes(sheet, encoding));
  const reader = { trained: records };
  const x = recordSpecOf(file, [part], encoding, options, reader);
  const features = await featuresOfTable(parts, { x, y, label }, encoding, options, reader);
  return { ...features.of(part), rows: sheet.rows.map((row) => row + 1), notes };
}

/** Of a table the column of texts; what has no names, and one column, is texts alone. */
async function recordsOfTexts(
  file: string,
  bytes: Uint8Array,
  options: SpecOptions,
  { tokens, x: { shape } }: Pick<RecordFormat, 'x'> & { tokens: Tokens },
): Promise<UnlabeledRecords> {
  const { text, label, named } = tokens.columns ?? { text: 'text', label: '', named: true };
  const notes: string[] = [];
  const read = await readerOf(
    file,
    bytes,
  )({
    ...{ file, bytes, options, isRegression: false, text },
    known: named ? [text] : [],
    pick: (head) => ({
      label: -1,
      features: head.names ? byName(head, [text], [label], notes) : byPlace(head, [text], [label], notes),
    }),
  });
  const sheet = sheetOf(read.table, read.picked, options, notes);
  const texts = tokensOfRows({ ...sheet, text: file }, tokens.unit);
  const length = shape[0]!;
  const cut = texts.filter((own) => own.length > length).length;
  if (cut > 0)
    notes.push(`${file}: ${cut} of ${texts.length} texts are longer than ${length} tokens, and cut there`);
  const x = recordsOfTokens(texts, tokens.vocabulary, length);
  return { count: texts.length, x, rows: sheet.rows.map((row) => row + 1), notes };
}

/** Rows of JSON begin with a brace, which no row of text does that has numbers, and Parquet with its name. */
function readerOf(file: string, bytes: Uint8Array): TableReader {
  const begin = Buffer.from(bytes.subarray(0, 64)).toString('latin1');
  if (begin.startsWith('PAR1')) return parquetReader(file, bytes);
  return /^(\xef\xbb\xbf)?\s*\{/.test(begin) ? readJsonl : readCsv;
}

/** Loaded only when it is needed: a decoder of every compression there is. */
const parquetReader =
  (file: string, bytes: Uint8Array): TableReader =>
  async (request) => {
    const found = await stat(file).catch(() => undefined);
    if (found?.size !== bytes.length)
      throw new UserError(
        `${file} is Parquet, which is read from a file as it is: give its path, not packed`,
        2,
      );
    const parquet = await import('../../../coordinator/prepare/data/sources/table/parquet/read.js');
    return parquet.readParquet(request);
  };

function sheetOf(
  table: Parameters<typeof usedRows>[0],
  picked: Picked,
  options: SpecOptions,
  notes: string[],
) {
  const missing = missingOption(table, options);
  return { table, picked, missing, rows: usedRows(table, picked, missing, notes) };
}

function byName(
  { names, file }: Head,
  wanted: readonly string[],
  labels: readonly string[],
  notes: string[],
): number[] {
  if (!names)
    throw new UserError(
      `${file} has no names of columns, and the model knows them by name: give a first line with ${listed(wanted, 6)} (header=true where it was not seen)`,
      2,
    );
  const at = new Map(names.map((name, column) => [name, column]));
  const missing = wanted.filter((name) => !at.has(name));
  if (missing.length > 0)
    throw new UserError(
      `${file} has no column ${listed(missing)}, which the model was trained on; columns are ${listed(names)}`,
      2,
    );
  const known = new Set([...labels, ...wanted]);
  const extra = names.filter((name) => !known.has(name));
  if (extra.length > 0) notes.push(`${file}: left out ${listed(extra)}, which the model was not trained on`);
  return wanted.map((name) => at.get(name)!);
}

/** Columns without names are called by their places in the table of training. */
function byPlace(
  { names, width, file }: Head,
  wanted: readonly string[],
  labels: readonly string[],
  notes: string[],
): number[] {
  if (names)
    throw new UserError(
      `${file} has names of columns, the data that the model was trained on had none: they cannot be matched; header=false says that the first line is a row`,
      2,
    );
  if (width === wanted.length) return wanted.map((_, place) => place);
  const places = wanted.map(Number);
  if (width > [...places, ...labels.map(Number)].reduce((most, place) => Math.max(most, place), 0)) {
    notes.push(`${file}: left out column ${listed(labels)}, the label; columns are matched by their places`);
    return places;
  }
  throw new UserError(
    `${file} has ${width} columns, the model takes ${wanted.length}: give those alone, or all columns of training`,
    2,
  );
}
