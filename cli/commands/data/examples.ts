/** Records as text: pictures drawn by characters, rows with the names of their columns, texts as they are. */
import type { DataSet } from '../../../coordinator/prepare/data/source.js';
import {
  AS_IT_IS,
  FIRST_TOKEN,
  type LabelKind,
  type RecordArray,
  type Scaling,
} from '../../../shared/data/manifest.js';
import { lengthOf } from '../../../shared/data/token-lengths.js';
import { significant } from '../../../shared/status/figures.js';
import { drawing } from './drawing.js';

export interface ExampleRecord {
  record: number;
  /** The class, or classes, or the number to predict in its own unit; absent where there is a label for each position. */
  label?: string | number;
  lines: string[];
}

/** Values of a record that are shown, characters of a text, and labels of its positions. */
const [VALUES, CHARACTERS] = [12, 200];
/** Stands for a token that the vocabulary lacks. */
const UNKNOWN = '[?]';

export function examplesOf(data: DataSet, count: number, isText: boolean): ExampleRecord[] {
  const { x, y } = data.train;
  const each = x.length / Math.max(1, data.train.count);
  const labels = y.length / Math.max(1, data.train.count);
  return Array.from({ length: Math.min(count, data.train.count) }, (_, record) => ({
    record,
    ...(labels === 1 ? { label: labelOf(data, y[record]!) } : {}),
    ...(data.label.kind === 'multilabel'
      ? { label: severalOf(data.label, y.subarray(record * labels, (record + 1) * labels)) }
      : {}),
    lines: linesOf(data, x.subarray(record * each, (record + 1) * each), isText),
  }));
}

function severalOf({ names }: LabelKind & { kind: 'multilabel' }, flags: ArrayLike<number>): string {
  const there = Array.from(flags).flatMap((flag, at) => (flag ? [names?.[at] ?? `${at}`] : []));
  return there.join(', ') || 'none';
}

function labelOf({ label }: DataSet, value: number): string | number {
  if (label.kind !== 'value') return label.names?.[value] ?? `${value}`;
  const { mean, std } = label.scaling ?? AS_IT_IS;
  return value * std + mean;
}

function linesOf({ x, label, columns, tokens }: DataSet, values: RecordArray, isText: boolean): string[] {
  if (tokens) {
    const known = (value: number) => tokens.vocabulary[value - FIRST_TOKEN] ?? UNKNOWN;
    const text = Array.from(values.subarray(0, lengthOf(values)), known);
    const more = text.length > CHARACTERS ? ` and ${text.length - CHARACTERS} more` : '';
    const shown = text.slice(0, CHARACTERS);
    return [JSON.stringify(shown.join(tokens.unit === 'words' ? ' ' : '')) + more];
  }
  if (isText && label.kind === 'class') {
    const characters = Array.from(values, (value) => label.names![value]!);
    const more = characters.length > CHARACTERS ? ` and ${characters.length - CHARACTERS} more` : '';
    return [JSON.stringify(characters.slice(0, CHARACTERS).join('')) + more];
  }
  const [height, width, channels] = x.shape;
  if (x.dtype === 'uint8' && x.shape.length === 3 && (channels === 1 || channels === 3))
    return drawing(values, { height: height!, width: width!, channels });
  const shown = Array.from({ length: Math.min(VALUES, values.length) }, (_, at) => {
    const column = columns?.features[at];
    const value = column ? unscaled(values[at]!, column) : values[at]!;
    const number = Number.isInteger(value) ? `${value}` : significant(value);
    return column ? `${column.name} ${number}` : number;
  });
  const more = values.length > VALUES ? [`... ${values.length} values`] : [];
  return [[...shown, ...more].join(columns ? ', ' : ' ')];
}

/** What stands in the file, as far as float32 remembers it: a whole number is taken for one that is nearly there. */
function unscaled(stored: number, { mean, std }: Scaling): number {
  const value = stored * std + mean;
  const whole = Math.round(value);
  return Math.abs(value - whole) <= 1e-6 * (Math.abs(mean) + std) ? whole + 0 : value;
}
