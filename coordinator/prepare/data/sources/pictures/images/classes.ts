/** Classes of pictures: the names of their folders, sorted; those that a file tells; or those of a trained model. */
import { UserError } from '../../../../../../shared/user-error.js';
import { countsOf, untrainedWarnings } from '../../../labels/classes.js';
import type { DataSet, Reader, UnknownClass } from '../../../source.js';
import { classesOfEntry, type Entry } from './layout.js';
import type { Parts } from './parts.js';

export interface Classes {
  names: string[];
  warnings: string[];
  /** Those that the model does not know; undefined where there is none. */
  unknown: DataSet['unknownClasses'];
  /** Class numbers by name. */
  numbers: ReadonlyMap<string, number>;
}

/** Fewer training pictures of a class are told, and fewer than this share of the largest class. */
const [FEW, SMALL_SHARE] = [10, 0.1];
const LISTED = 8;

/** @throws UserError if there is nothing to tell apart */
export function classesOf(
  { train, test, validation = [] }: Parts,
  root: string,
  { trained }: Reader,
  told?: readonly string[],
): Classes {
  const known = trained && trained.label.kind !== 'value' ? trained.label : undefined;
  if (known) {
    const names = known.names ?? Array.from({ length: known.classes }, (_, number) => `${number}`);
    const numbers = numbered(names);
    const unknown = (entries: readonly Entry[]) =>
      countsOf(entries.flatMap(classesOfEntry).filter((name) => !numbers.has(name)));
    return {
      names,
      numbers,
      warnings: [],
      unknown: { train: unknown(train), test: unknown(test), validation: unknown(validation) },
    };
  }
  const found = new Set([...train, ...test, ...validation].flatMap(classesOfEntry));
  const names = told ? [...told] : [...found].sort();
  if (names.length < 2)
    throw new UserError(`${root} has only one class (${names[0]}): nothing to tell apart`, 2);
  const counts = countsOf(train.flatMap(classesOfEntry));
  const warnings = [
    ...untrainedWarnings('training picture', names, new Set(counts.map(({ name }) => name))),
    ...rareWarnings(counts),
  ];
  return { names, numbers: numbered(names), warnings, unknown: undefined };
}

const numbered = (names: readonly string[]) => new Map(names.map((name, number) => [name, number]));

function rareWarnings(counts: readonly UnknownClass[]): string[] {
  const most = counts.reduce((most, each) => (each.records > most.records ? each : most));
  const rare = counts
    .filter(({ records }) => records < FEW || records < most.records * SMALL_SHARE)
    .sort((a, b) => a.records - b.records || (a.name < b.name ? -1 : 1));
  if (rare.length === 0) return [];
  const list = rare.slice(0, LISTED).map(({ name, records }) => `${name} ${records}`);
  const more = rare.length > LISTED ? `, and ${rare.length - LISTED} more` : '';
  const beside = rare.includes(most) ? '' : ` (${most.name} has ${most.records})`;
  return [`few training pictures of some classes: ${list.join(', ')}${more}${beside}`];
}
