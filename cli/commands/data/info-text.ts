/** The description of a data set for a terminal. */
import type { Normalization, TensorSpec } from '../../../shared/data/manifest.js';
import { count, DASH, percent, significant, table } from '../../output/format.js';
import type { ClassCount, DataDescription, PartDescription } from './describe.js';

/** Classes and columns that are listed: of more, those at both ends. */
const [MOST_CLASSES, MOST_COLUMNS] = [24, 40];

const PARTS = ['train', 'validation', 'test'] as const;

export function infoText(description: DataDescription): string {
  const { name, columns, examples, notes, warnings } = description;
  const blocks = [
    [name, ...shapeLines(description)],
    PARTS.flatMap((part) => (description[part] ? [partLine(part, description[part])] : [])),
    [scalingLine(description)],
    description.label.kind === 'value' ? [] : classLines(description),
    columns ? columnLines(columns.features) : [],
    ...examples.map(({ record, label, lines }) => [
      `training record ${record}${label === undefined ? '' : `: ${typeof label === 'number' ? significant(label) : label}`}`,
      ...lines,
    ]),
    [...notes, ...warnings.map((text) => `warning: ${text}`)],
  ];
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

const tensor = ({ dtype, shape }: TensorSpec): string => `${dtype}[${shape.join(', ')}]`;

function shapeLines({ x, y, label, vocabulary, columns }: DataDescription): string[] {
  const labels =
    label.kind === 'multilabel'
      ? `${count(label.classes)} classes, any number of them at once`
      : label.kind === 'class'
        ? `${count(label.classes)} ${vocabulary === undefined ? 'classes' : 'characters'}${y.shape.length > 0 ? ', one for each position' : ''}`
        : `a number to predict${columns ? ` (${columns.label})` : ''}`;
  return [`x  ${tensor(x)}`, `y  ${tensor(y)}: ${labels}`];
}

function partLine(name: string, { records, bytes, text, target }: PartDescription): string {
  const size = bytes < 1e6 ? `${count(Math.ceil(bytes / 1e3))} kB` : `${count(bytes / 1e6)} MB`;
  const range = target
    ? `, from ${significant(target.least)} to ${significant(target.greatest)}, mean ${significant(target.mean)}`
    : '';
  return `${name.padEnd(5)}  ${count(records)} record${records === 1 ? '' : 's'}, ${size}${range}${text ? `: ${text}` : ''}`;
}

function scalingLine({ normalisation, columns, tokens, label }: DataDescription): string {
  const target =
    label.kind === 'value' && label.scaling
      ? `; target: mean ${significant(label.scaling.mean)}, deviation ${significant(label.scaling.std)}`
      : '';
  if (tokens) return `fed as numbers of ${tokens.unit}: 0 for padding, 1 for what is unknown${target}`;
  if (columns) return `each column is fed as (value - mean) / deviation, as listed${target}`;
  return `fed as ${formulaOf(normalisation)}${target}`;
}

function formulaOf({ scale, mean, std }: Normalization): string {
  const isPlain = [...mean].every((value) => value === 0) && [...std].every((value) => value === 1);
  const value = scale === 1 ? 'value' : scale === 1 / 255 ? 'value / 255' : `value * ${significant(scale)}`;
  if (isPlain) return scale === 1 ? 'it is stored' : value;
  const list = (values: readonly number[]) => values.map((value) => significant(value)).join(' ');
  return `(${value} - mean) / deviation: mean ${list(mean)}, deviation ${list(std)}`;
}

function classLines({ vocabulary, ...description }: DataDescription): string[] {
  const parts = PARTS.filter((part) => description[part]);
  const total = (classes: readonly ClassCount[]) => classes.reduce((sum, { count }) => sum + count, 0);
  const share = (part: number, whole: number) => (whole === 0 ? DASH : percent(part / whole));
  const columns = parts.map((part) => description[part]!.classes!);
  // Of records, where each may have several.
  const isSeveral = description.label.kind === 'multilabel';
  const totals = columns.map((classes, at) =>
    isSeveral ? description[parts[at]!]!.records : total(classes),
  );
  const rows = columns[0]!.map(({ name }, number) => [
    vocabulary === undefined ? name : JSON.stringify(name),
    ...columns.flatMap((classes, part) => {
      const { count } = classes[number]!;
      return [count, share(count, totals[part]!)];
    }),
  ]);
  const head = [vocabulary === undefined ? 'class' : 'character', ...parts.flatMap((part) => [part, ''])];
  if (rows.length <= MOST_CLASSES) return table(head, rows);
  const sorted = rows.sort((a, b) => Number(b[1]) - Number(a[1]));
  const ends = [...sorted.slice(0, MOST_CLASSES / 2), ...sorted.slice(-MOST_CLASSES / 2)];
  return [
    ...table(head, ends),
    `the ${MOST_CLASSES / 2} with the most records and the ${MOST_CLASSES / 2} with the fewest, of ${count(rows.length)}`,
  ];
}

function columnLines(features: readonly { name: string; mean: number; std: number }[]): string[] {
  const rows = features
    .slice(0, MOST_COLUMNS)
    .map(({ name, mean, std }) => [name, significant(mean), significant(std)]);
  const more = features.length - rows.length;
  return [
    ...table(['column', 'mean', 'deviation'], rows),
    ...(more > 0 ? [`and ${count(more)} more columns`] : []),
  ];
}
