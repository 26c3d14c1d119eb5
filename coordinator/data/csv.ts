/**
 * `csv:FILE?label=COLUMN&test=FRACTION`: a table, gzip or not. Features must be numbers; the label may be
 * text. Options: `label` (name or number of the column from 0, negative from the end; default the last),
 * `test` (share of rows, default 0.2) or `testfile`, `task=regression`, `header=true|false` (default: the
 * first row is one if any of its fields but the label is no number), `skip` (lines to leave out at the top),
 * `drop` (columns to leave out, separated by commas), `seed` (of the split).
 */
import { parse } from 'csv-parse/sync';
import type { LabelKind } from '../../shared/manifest.js';
import { Random } from '../../shared/random.js';
import { messageOf, UserError } from '../../shared/user-error.js';
import { readDataFile } from './files.js';
import { normalisationOf } from './normalisation.js';
import { allowOnly, wholeOption } from './options.js';
import type { DataSource, Records } from './source.js';

const OPTIONS = ['label', 'test', 'testfile', 'task', 'header', 'skip', 'drop', 'seed'];

interface Row {
  fields: string[];
  /** Where it stands, for errors: the test set may come from a file of its own. Lines count from 1. */
  file: string;
  line: number;
}

interface Table {
  file: string;
  names: string[] | undefined;
  rows: Row[];
}

export const csv: DataSource = {
  scheme: 'csv',
  pathOptions: ['testfile'],
  async open(file, query) {
    allowOnly('csv', query, OPTIONS);
    if (file === '') throw new UserError('--data csv needs a file: csv:FILE?label=COLUMN', 2);
    const task = query.get('task') ?? 'classification';
    if (task !== 'classification' && task !== 'regression') {
      throw new UserError(`--data option task must be classification or regression, not ${task}`, 2);
    }
    const table = await readTable(file, query);
    const width = table.rows[0]!.fields.length;
    const label = columnOf(table, query.get('label') ?? '-1', width, 'label');
    const dropped = (query.get('drop') ?? '').split(',').filter(Boolean);
    const left = new Set([label, ...dropped.map((column) => columnOf(table, column, width, 'drop'))]);
    const features = Array.from({ length: width }, (_, column) => column).filter(
      (column) => !left.has(column),
    );
    if (features.length === 0)
      throw new UserError(`${file} has no columns beside the label: nothing to learn from`);

    const { train, test } = await split(table, query, width);
    const kind = task === 'regression' ? { kind: 'value' as const } : classesOf([...train, ...test], label);
    const convert = (rows: Row[]) => toRecords(table, rows, features, label, kind);
    const trainRecords = convert(train);
    return {
      name: `csv:${file}`,
      x: { shape: [features.length], dtype: 'float32' },
      y: task === 'regression' ? { shape: [1], dtype: 'float32' } : { shape: [], dtype: 'int32' },
      label: kind,
      normalisation: normalisationOf(trainRecords.x, features.length, 1),
      train: trainRecords,
      test: convert(test),
    };
  },
};

async function readTable(file: string, query: URLSearchParams): Promise<Table> {
  const skip = wholeOption(query, 'skip', 0);
  const text = (await readDataFile(file)).toString('utf8');
  let parsed: { record: string[]; info: { lines: number } }[];
  try {
    parsed = parse(text, {
      bom: true,
      trim: true,
      skip_empty_lines: true,
      from_line: skip + 1,
      info: true,
      relax_column_count: true,
    }) as unknown as typeof parsed;
  } catch (error) {
    throw new UserError(`${file}: ${messageOf(error)}`);
  }
  const rows = parsed.map(({ record, info }) => ({ fields: record, file, line: info.lines }));
  if (rows.length === 0) throw new UserError(`${file} holds no rows`);
  const width = rows[0]!.fields.length;
  for (const { fields, line } of rows) {
    if (fields.length === width) continue;
    throw new UserError(
      `${file}, line ${line}: ${fields.length} fields, the first row has ${width} (skip=N leaves out lines at the top)`,
    );
  }
  const names = hasHeader(rows, query) ? rows.shift()!.fields : undefined;
  if (rows.length === 0) throw new UserError(`${file} holds a header and no rows`);
  return { file, names, rows };
}

const MISSING = /^(\?|na|n\/a|nan|null|none)?$/i;

function hasHeader(rows: Row[], query: URLSearchParams): boolean {
  const given = query.get('header') ?? 'auto';
  if (given === 'true' || given === 'false') return given === 'true';
  if (given !== 'auto')
    throw new UserError(`--data option header must be true, false or auto, not ${given}`, 2);
  const second = rows[1];
  const label = Number(query.get('label') ?? -1);
  const labelColumn = label < 0 ? rows[0]!.fields.length + label : label;
  // A text above a number is a name, unless it is how a missing value is written. A label may be text in one
  // row and a number in the next.
  return (
    second !== undefined &&
    rows[0]!.fields.some(
      (field, i) =>
        i !== labelColumn && !MISSING.test(field) && !isNumber(field) && isNumber(second.fields[i]!),
    )
  );
}

function columnOf({ file, names }: Table, text: string, width: number, option: string): number {
  const named = names?.indexOf(text) ?? -1;
  if (named >= 0) return named;
  const number = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  const column = number < 0 ? width + number : number;
  if (column >= 0 && column < width) return column;
  const known = names
    ? `columns are ${names.join(', ')}`
    : `without a header, give a number from 0 to ${width - 1}`;
  throw new UserError(`${file} has no column ${text} (option ${option}); ${known}`, 2);
}

async function split(
  table: Table,
  query: URLSearchParams,
  width: number,
): Promise<{ train: Row[]; test: Row[] }> {
  const testFile = query.get('testfile');
  if (testFile !== null) {
    const other = await readTable(testFile, query);
    const found = other.rows[0]!.fields.length;
    if (found !== width) throw new UserError(`${testFile} has ${found} columns, ${table.file} ${width}`);
    return { train: table.rows, test: other.rows };
  }
  const fraction = Number(query.get('test') ?? '0.2');
  if (!(fraction > 0 && fraction < 1)) {
    throw new UserError(
      `--data option test must be a share above 0 and below 1, not ${query.get('test')}`,
      2,
    );
  }
  const rows = [...table.rows];
  const random = new Random(wholeOption(query, 'seed', 1));
  for (let i = rows.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [rows[i], rows[j]] = [rows[j]!, rows[i]!];
  }
  const testCount = Math.max(1, Math.round(rows.length * fraction));
  return { train: rows.slice(testCount), test: rows.slice(0, testCount) };
}

/** Labels 0, 1, ... K - 1 stay what they are; others are numbered in their order, numbers before texts. */
function classesOf(rows: Row[], label: number): LabelKind & { kind: 'class' } {
  const texts = [...new Set(rows.map(({ fields }) => fields[label]!))];
  const numeric = texts.every(isNumber);
  const names = texts.sort((a, b) => (numeric ? Number(a) - Number(b) : a < b ? -1 : 1));
  if (names.length < 2)
    throw new UserError(`the label has only one value (${names[0]}): nothing to tell apart`, 2);
  return { kind: 'class', classes: names.length, names };
}

function toRecords(
  { names }: Table,
  rows: Row[],
  features: number[],
  label: number,
  kind: LabelKind,
): Records {
  const x = new Float32Array(rows.length * features.length);
  const y = kind.kind === 'class' ? new Int32Array(rows.length) : new Float32Array(rows.length);
  const classes = kind.kind === 'class' ? new Map(kind.names!.map((name, at) => [name, at])) : undefined;
  const number = ({ fields, file, line }: Row, column: number) => {
    const field = fields[column]!;
    if (isNumber(field)) return Number(field);
    const name = names?.[column] ?? column;
    throw new UserError(
      `${file}, line ${line}, column ${name}: '${field}' is no number (drop=${name} leaves the column out)`,
    );
  };
  for (const [record, row] of rows.entries()) {
    for (const [at, column] of features.entries()) x[record * features.length + at] = number(row, column);
    y[record] = classes ? classes.get(row.fields[label]!)! : number(row, label);
  }
  return { count: rows.length, x, y };
}

function isNumber(field: string): boolean {
  return field !== '' && Number.isFinite(Number(field));
}
