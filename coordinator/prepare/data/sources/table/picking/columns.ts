/** Which columns of a table are a record's values: found by name wherever there are names. */
import {
  type Columns,
  type LabelKind,
  labelColumns,
  sourceOf,
} from '../../../../../../shared/data/manifest.js';
import { UserError } from '../../../../../../shared/user-error.js';
import { listed } from '../../../../words/listed.js';
import type { SpecOptions } from '../../../spec.js';
import { columnOf, columnsOf, type Head, nameOf } from '../cells/table.js';
import { labelColumnsOf, type Picked, type Several } from './reading.js';

/** What is known of columns elsewhere, and where: `the model`, or the file of the training set. */
export interface Wanted extends Pick<Columns, 'named'> {
  /** Of the label: one, or several of 0 and 1. */
  labels: readonly string[];
  features: readonly string[];
  by: string;
}

/** All columns, or those of the option `features`, but for the label's and those that are left out. @throws UserError */
export function pickColumns(head: Head, options: SpecOptions, several?: Several): Picked {
  const labels = labelsOf(head, options, several, ['-1']);
  const weight = weightColumn(head, labels.label, options);
  const left = new Set([
    ...labelColumnsOf(labels),
    weight,
    ...options.list('drop').flatMap((name) => columnsOf(head, name, 'drop')),
  ]);
  const given = options.list('features').flatMap((name) => columnsOf(head, name, 'features'));
  const all = given.length > 0 ? new Set(given) : Array.from({ length: head.width }, (_, column) => column);
  const features = [...all].filter((column) => !left.has(column));
  if (features.length === 0) {
    const hint = head.widthHint ? `; ${head.widthHint}` : '';
    throw new UserError(
      `${head.file} has no columns beside the label: nothing to learn from (${head.dialect}${hint})`,
    );
  }
  return { ...labels, features, ...(weight === undefined ? {} : { weight }) };
}

function labelsOf(
  head: Head,
  options: SpecOptions,
  several: Several | undefined,
  usual: readonly string[],
): Pick<Picked, 'label' | 'labels'> {
  const given = options.list('label');
  const names = given.length > 0 ? given : usual;
  if (names.length === 1) return { label: columnOf(head, names[0]!, 'label') };
  const labels = [...new Set(names.flatMap((name) => columnsOf(head, name, 'label')))];
  if (several?.separator === undefined) return { label: labels[0]!, labels };
  throw new UserError(`--data option separator is for one column of lists, and label names ${names}`, 2);
}

export function weightColumn(head: Head, label: number, options: SpecOptions): number | undefined {
  const given = options.get('weight');
  if (given === undefined) return undefined;
  const column = columnOf(head, given, 'weight');
  if (column !== label) return column;
  throw new UserError(`${head.file}: ${given} is the label, and cannot be the weight too (option weight)`, 2);
}

/**
 * The columns that another file, or a model, has: by name, in any order; without names by position, of as many.
 * @param notes receives a note on each column that was not asked for
 * @throws UserError naming the columns that are missing
 */
export function pickSame(head: Head, wanted: Wanted, options: SpecOptions, notes: string[]): Picked {
  const { names, file } = head;
  if (wanted.named !== (names !== undefined)) {
    const [has, lacks] = wanted.named ? [wanted.by, file] : [file, wanted.by];
    throw new UserError(
      `${has} has names of columns, ${lacks} none: they cannot be matched; header=true or header=false says whether a first line has them`,
    );
  }
  if (!names) {
    const given = options.get('label') === undefined ? options.with('label', wanted.labels.join()) : options;
    const own = pickColumns(head, given);
    if (own.features.length === wanted.features.length) return own;
    throw new UserError(
      `${file} has ${own.features.length + 1} columns, ${wanted.by} ${wanted.features.length + 1}`,
    );
  }
  const at = new Map(names.map((name, column) => [name, column]));
  const missing = wanted.features.filter((name) => !at.has(name));
  if (missing.length > 0) {
    throw new UserError(
      `${file} has no column ${listed(missing)}, which ${wanted.by} has; columns are ${listed(names)}`,
    );
  }
  const features = wanted.features.map((name) => at.get(name)!);
  const labels = labelsOf(head, options, undefined, wanted.labels);
  const used = new Set([...labelColumnsOf(labels), ...features]);
  // Weights are for training.
  const dropped = new Set([...options.list('drop'), options.get('weight')]);
  const extra = names.filter((name, column) => !used.has(column) && !dropped.has(name));
  if (extra.length > 0) notes.push(`${file}: left out ${listed(extra)}, which ${wanted.by} does not have`);
  return { ...labels, features };
}

/** The columns of one table as what others are to have. */
export const wantedOf = (head: Head, picked: Picked): Wanted => ({
  named: head.names !== undefined,
  labels: labelColumnsOf(picked).map((column) => nameOf(head, column)),
  features: picked.features.map((column) => nameOf(head, column)),
  by: head.file,
});

/** Those that a model was trained on. */
export const wantedByModel = ({ columns, label }: { columns: Columns; label: LabelKind }): Wanted => ({
  named: columns.named,
  labels: labelColumns({ columns, label }),
  features: [...new Set(columns.features.map(sourceOf))],
  by: 'the data that the model was trained on',
});
