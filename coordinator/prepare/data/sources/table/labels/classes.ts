/** Labels as classes: their names, their order, and what makes one suspect that they are none. */
import type { RecordArray, TensorSpec } from '../../../../../../shared/data/manifest.js';
import { UserError } from '../../../../../../shared/user-error.js';
import { countsOf, untrainedWarnings } from '../../../labels/classes.js';
import type { DataSet, Reader } from '../../../source.js';
import { escapedName } from '../../../spec.js';
import { classNameOf, isNumber } from '../cells/number-field.js';
import { nameOf, textAt, titleOf } from '../cells/table.js';
import type { Part, Parts, Sheet } from '../picking/parts.js';

/** Classes are suspect from so many on: of whole numbers and of texts, and of numbers with decimals. */
const [MANY, FEW] = [10, 3];

/** What the labels are. */
export interface Labels extends Pick<DataSet, 'y' | 'label' | 'warnings' | 'unknownClasses'> {
  /** The rows whose classes are known: of data read for a model, others are left out. */
  rowsOf(part: Part): readonly number[];
  /** The labels of rows whose classes are known; undefined in a regression, whose numbers are scaled yet. */
  of?(part: Part): RecordArray;
}

export const VALUES: Labels = {
  ...{ y: { shape: [1], dtype: 'float32' }, label: { kind: 'value' } },
  rowsOf: ({ rows }) => rows,
};
const INDEX: TensorSpec = { shape: [], dtype: 'int32' };

/** The classes of the model, of the file, or of all rows. @throws UserError if there is nothing to tell apart */
export function classesOf({ train, test }: Parts, { trained }: Reader): Labels {
  const [trainLabels, testLabels] = [classNamesOf(train), classNamesOf(test)];
  const known = trained?.label.kind === 'class' ? trained.label.names : undefined;
  const { table, picked } = train;
  const named = table.columns[picked.label]!.classes?.map((name) => classNameOf(name, table.decimal));
  // A test file may have others.
  const told = [...trainLabels, ...testLabels].every((name) => named?.includes(name)) ? named : undefined;
  const count = trainLabels.length + testLabels.length;
  const names = known ?? told ?? orderedClasses(new Set([...trainLabels, ...testLabels]));
  const classes = new Map(names.map((name, at) => [name, at]));
  const labels: Labels = {
    ...{ y: INDEX, label: { kind: 'class', classes: names.length, names } },
    rowsOf: (part) => {
      const own = classNamesOf(part);
      return part.rows.filter((_, at) => classes.has(own[at]!));
    },
    of: (part) => Int32Array.from(classNamesOf(part), (name) => classes.get(name)!),
  };
  if (known) {
    const unknown = (labels: readonly string[]) => countsOf(labels.filter((name) => !classes.has(name)));
    return { ...labels, unknownClasses: { train: unknown(trainLabels), test: unknown(testLabels) } };
  }
  const warnings: string[] = [];
  const suspicion = told ? undefined : suspicionOf(nameOf(table, picked.label), names, count);
  if (suspicion) warnings.push(suspicion);
  warnings.push(...untrainedWarnings('training row', names, new Set(trainLabels)));
  return { ...labels, warnings };
}

/** The names of the classes of a part's records, whose labels are all there, or may be a class when they are not. */
const classNamesOf = ({ table, picked: { label }, rows }: Part): string[] =>
  rows.map((row) => textAt(table, row, label) ?? table.columns[label]!.oddAt(row)!.text);

/** Spellings of one class that are told. */
const TOLD = 4;

/** Tells of labels that are written in several ways, and are one class. */
export function spellingNotes({ table, picked: { label }, rows }: Sheet): string[] {
  const cells = table.columns[label]!;
  const fields = new Set<string>();
  for (const row of rows) {
    const odd = cells.oddAt(row);
    if (odd) fields.add(odd.text);
  }
  const spellings = new Map<string, string[]>();
  for (const field of fields) {
    const name = classNameOf(field, table.decimal);
    spellings.set(name, [...(spellings.get(name) ?? []), field]);
  }
  const joined = [...spellings.values()].filter(({ length }) => length > 1);
  if (joined.length === 0) return [];
  const [example] = joined;
  const rest = joined.length > 1 ? `, and likewise ${joined.length - 1} more` : '';
  return [
    `${table.file}, column ${titleOf(table, label)}: ${example!.slice(0, TOLD).join(' and ')} are one class${rest}`,
  ];
}

/** Numbers in their order, or else texts in theirs. @throws UserError unless there are two */
export function orderedClasses(found: ReadonlySet<string>): string[] {
  const names = [...found];
  const isNumeric = names.every((name) => isNumber(name, 'point'));
  names.sort((a, b) => (isNumeric ? Number(a) - Number(b) : a < b ? -1 : 1));
  if (names.length < 2)
    throw new UserError(`the label has only one value (${names[0]}): nothing to tell apart`, 2);
  return names;
}

/** Said where the classes look like measurements, or like names of rows. */
function suspicionOf(column: string, names: readonly string[], rows: number): string | undefined {
  const isNumeric = names.every((name) => isNumber(name, 'point'));
  const isWhole = names.every((name) => Number.isInteger(Number(name)));
  if (names.length < (isNumeric && !isWhole ? FEW : MANY)) return undefined;
  const isRare = names.length > rows / 5;
  if (isNumeric && (!isWhole || isRare))
    return `the label ${column} is numeric and becomes ${names.length} classes of ${rows} rows: task=regression predicts the number`;
  if (isRare && names.length > rows / 2)
    return `the label ${column} has ${names.length} different texts in ${rows} rows: label=NAME gives another column; this one can be left out by drop=${escapedName(column)}`;
  return undefined;
}
