/** Rows of a table as records: columns by the names that training had, whether the label is there or not. */

import { choiceOption } from '../../../coordinator/prepare/data/options.js';
import type { Example } from '../../../coordinator/prepare/data/sources/table/examples.js';
import { isMissing } from '../../../coordinator/prepare/data/sources/table/number-field.js';
import { featuresOf } from '../../../coordinator/prepare/data/sources/table/records.js';
import { numberAt, type Table, tableOf } from '../../../coordinator/prepare/data/sources/table/table.js';
import type { SpecOptions } from '../../../coordinator/prepare/data/spec.js';
import type { Columns, RecordFormat } from '../../../shared/data/manifest.js';
import { UserError } from '../../../shared/user-error.js';
import type { UnlabeledRecords } from './unlabeled-records.js';

/** @throws UserError naming file, line and column */
export function recordsOfTable(
  file: string,
  bytes: Uint8Array,
  options: SpecOptions,
  { columns, x }: RecordFormat,
): UnlabeledRecords {
  if (!columns)
    throw new UserError(
      `${file} is a table, and the model was trained on records of shape [${x.shape.join(', ')}], which have no columns: give an array (NPY or NPZ)`,
      2,
    );
  const names = columns.features.map(({ name }) => name);
  const table = tableOf(file, bytes, options, columns.named ? names : []);
  const notes: string[] = [];
  const picked = columns.named ? byName(table, columns, notes) : byPlace(table, columns, notes);
  const kept = withoutMissing(table, picked, options, notes);
  const examples = kept.map(({ row }): Example => {
    const values = Float64Array.from(picked, (column) => numberAt(table, row, column, true));
    return { file, line: row.line, values, label: '' };
  });
  return { ...featuresOf(examples, columns.features), rows: kept.map(({ number }) => number), notes };
}

function byName(table: Table, { features, label }: Columns, notes: string[]): number[] {
  const { names, file } = table;
  if (!names)
    throw new UserError(
      `${file} has no names of columns, and the model knows them by name: give a first line with ${namesInWords(features)} (header=true where it was not seen)`,
      2,
    );
  const missing = features.filter(({ name }) => !names.includes(name));
  if (missing.length > 0)
    throw new UserError(
      `${file} has no column ${missing.map(({ name }) => name).join(', ')}, which the model was trained on; columns are ${names.join(', ')}`,
      2,
    );
  const known = new Set([label, ...features.map(({ name }) => name)]);
  const extra = names.filter((name) => !known.has(name));
  if (extra.length > 0)
    notes.push(`${file}: left out ${extra.join(', ')}, which the model was not trained on`);
  return features.map(({ name }) => names.indexOf(name));
}

/** Columns without names are called by their places in the table of training. */
function byPlace({ names, width, file }: Table, { features, label }: Columns, notes: string[]): number[] {
  if (names)
    throw new UserError(
      `${file} has names of columns, the data that the model was trained on had none: they cannot be matched; header=false says that the first line is a row`,
      2,
    );
  if (width === features.length) return features.map((_, place) => place);
  const places = features.map(({ name }) => Number(name));
  if (width > Math.max(Number(label), ...places)) {
    notes.push(`${file}: left out column ${label}, the label; columns are matched by their places`);
    return places;
  }
  throw new UserError(
    `${file} has ${width} columns, the model takes ${features.length}: give those alone, or all columns of training`,
    2,
  );
}

function namesInWords(features: Columns['features']): string {
  const shown = features.slice(0, 6).map(({ name }) => name);
  return features.length > shown.length ? `${shown.join(', ')}, ...` : shown.join(', ');
}

function withoutMissing(table: Table, picked: readonly number[], options: SpecOptions, notes: string[]) {
  const rows = table.rows.map((row, i) => ({ row, number: i + 1 }));
  if (choiceOption(options, 'missing', ['refuse', 'drop'], 'refuse') === 'refuse') return rows;
  const kept = rows.filter(({ row }) => !picked.some((column) => isMissing(row.fields[column]!)));
  if (kept.length < rows.length)
    notes.push(
      `${table.file}: left out ${rows.length - kept.length} of ${rows.length} rows, which lack a value`,
    );
  return kept;
}
