/** Which columns of a table are a record's values: found by name wherever there are names. */
import type { Columns } from '../../../../../shared/data/manifest.js';
import { UserError } from '../../../../../shared/user-error.js';
import type { SpecOptions } from '../../spec.js';
import { columnOf, nameOf, type Table } from './table.js';

export interface Picked {
  label: number;
  /** Column numbers in the order of a record's values. */
  features: number[];
}

/** What is known of columns elsewhere, and where: `the model`, or the file of the training set. */
export interface Wanted extends Pick<Columns, 'named' | 'label'> {
  features: readonly string[];
  by: string;
}

/** All columns but the label's and those that are left out. @throws UserError */
export function pickColumns(table: Table, options: SpecOptions): Picked {
  const label = columnOf(table, options.get('label') ?? '-1', 'label');
  const left = new Set([label, ...options.list('drop').map((column) => columnOf(table, column, 'drop'))]);
  const features = Array.from({ length: table.width }, (_, column) => column).filter(
    (column) => !left.has(column),
  );
  if (features.length === 0)
    throw new UserError(
      `${table.file} has no columns beside the label: nothing to learn from (${table.dialect}; delimiter=NAME gives another)`,
    );
  return { label, features };
}

/**
 * The columns that another file, or a model, has: by name, in any order; without names by position, of as many.
 * @param notes receives a note on each column that was not asked for
 * @throws UserError naming the columns that are missing
 */
export function pickSame(table: Table, wanted: Wanted, options: SpecOptions, notes: string[]): Picked {
  const { names, file } = table;
  if (wanted.named !== (names !== undefined)) {
    const [has, lacks] = wanted.named ? [wanted.by, file] : [file, wanted.by];
    throw new UserError(
      `${has} has names of columns, ${lacks} none: they cannot be matched; header=true or header=false says whether a first line has them`,
    );
  }
  if (!names) {
    const own = pickColumns(table, options);
    if (own.features.length === wanted.features.length) return own;
    throw new UserError(
      `${file} has ${own.features.length + 1} columns, ${wanted.by} ${wanted.features.length + 1}`,
    );
  }
  const missing = wanted.features.filter((name) => !names.includes(name));
  if (missing.length > 0) {
    throw new UserError(
      `${file} has no column ${missing.join(', ')}, which ${wanted.by} has; columns are ${names.join(', ')}`,
    );
  }
  const features = wanted.features.map((name) => names.indexOf(name));
  const label = columnOf(table, options.get('label') ?? wanted.label, 'label');
  const dropped = new Set(options.list('drop'));
  const extra = names.filter(
    (name, column) => column !== label && !features.includes(column) && !dropped.has(name),
  );
  if (extra.length > 0) notes.push(`${file}: left out ${extra.join(', ')}, which ${wanted.by} does not have`);
  return { label, features };
}

/** The columns of one table as what others are to have. */
export const wantedOf = (table: Table, { label, features }: Picked): Wanted => ({
  named: table.names !== undefined,
  label: nameOf(table, label),
  features: features.map((column) => nameOf(table, column)),
  by: table.file,
});
