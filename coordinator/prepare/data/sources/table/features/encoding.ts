/**
 * What becomes of a table's columns: a column of numbers is one feature, with something for cells in which nothing
 * stands where that is wanted; a column of texts is one feature for each value that the training rows have, 0 or 1.
 */
import type { Columns, Feature } from '../../../../../../shared/data/manifest.js';
import { sourceOf } from '../../../../../../shared/data/manifest.js';
import { significant } from '../../../../../../shared/status/figures.js';
import { UserError } from '../../../../../../shared/user-error.js';
import { listed } from '../../../../words/listed.js';
import { choiceOption } from '../../../options.js';
import { scalingOf } from '../../../scaling/scaling.js';
import type { SpecOptions } from '../../../spec.js';
import { dropHint, nameOf, textAt, titleOf } from '../cells/table.js';
import type { Part, Parts, Sheet } from '../picking/parts.js';
import { categoriesOf, holdsText } from './categories.js';

/** What one column becomes. */
export interface Code {
  name: string;
  /** Its values, each a feature of 0 and 1. Undefined: the column is numbers. */
  values?: readonly string[];
  /** Stands for cells in which nothing stands; undefined: such are refused. */
  fill?: number;
}

export interface Encoding {
  /** In the order of `Picked.features`. */
  codes: readonly Code[];
  /** What a value becomes that the training rows do not have. */
  unknown: 'refuse' | 'zeros';
}

export function encodingOf({ train, sheets }: Parts, options: SpecOptions, notes: string[]): Encoding {
  const { table, picked } = train;
  const { missing } = sheets[0]!;
  const isOneHot = choiceOption(options, 'categories', ['refuse', 'onehot'], 'refuse') === 'onehot';
  const unknown = choiceOption(options, 'unknown', ['refuse', 'zeros'], 'refuse');
  const codes = picked.features.map((column): Code => {
    const name = nameOf(table, column);
    const kind = missing.of(column);
    if (isOneHot && holdsText(train, column)) {
      const values = categoriesOf(train, column);
      notes.push(
        `${table.file}: ${titleOf(table, column)} becomes ${values.length} columns of 0 and 1: ${listed(values.map(inOneLine), 10)}`,
      );
      return { name, values, ...(kind === '0' ? { fill: 0 } : {}) };
    }
    if (kind === '0') return { name, fill: 0 };
    return kind === 'mean' ? { name, fill: meanOf(train, column) } : { name };
  });
  refuseTwice(table.file, codes);
  return { codes, unknown };
}

/** Of the training rows that have a value, in float64. */
function meanOf({ table, rows }: Part, column: number): number {
  const cells = table.columns[column]!;
  const there = cells.odds.length === 0 ? rows : rows.filter((row) => !cells.oddAt(row));
  if (there.length > 0) return scalingOf(Float64Array.from(there, (row) => cells.numberAt(row))).mean;
  throw new UserError(
    `${table.file}, column ${titleOf(table, column)}: no training row has a number, so there is no mean (${dropHint(table, column)})`,
  );
}

const inOneLine = (text: string): string => text.replace(/\s+/g, ' ');

function refuseTwice(file: string, codes: readonly Code[]): void {
  const names = codes.flatMap(featureNames);
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw new UserError(`${file}: two columns would be called ${name}: rename one`);
    seen.add(name);
  }
}

const featureNames = ({ name, values }: Code): string[] =>
  values ? values.map((value) => `${name}=${value}`) : [name];

/** How many cells are filled in, and with what; how many texts are left without a feature. */
export function gapNotes({ table, picked, rows }: Sheet, { codes, unknown }: Encoding): string[] {
  return picked.features.flatMap((column, at) => {
    const { fill, values } = codes[at]!;
    const cells = table.columns[column]!;
    if (cells.odds.length === 0) return [];
    const title = `${table.file}: ${titleOf(table, column)}`;
    const count = (isMeant: (row: number) => boolean) => rows.filter(isMeant).length;
    const notes: string[] = [];
    const missing = count((row) => cells.oddAt(row)?.kind === 'missing');
    if (fill !== undefined && missing > 0) {
      const what = values ? 'all of its columns are 0' : `filled with ${significant(fill)}`;
      notes.push(`${title} lacks ${missing} of ${rows.length} values: ${what}`);
    }
    if (values && unknown === 'zeros') {
      const known = new Set<string | undefined>([...values, undefined]);
      const strange = count((row) => !known.has(textAt(table, row, column)));
      if (strange > 0)
        notes.push(`${title} has ${strange} of ${rows.length} values that no training row has: zeros`);
    }
    return notes;
  });
}

/**
 * As a model was trained: the options of other data choose nothing but what becomes of unknown values.
 * @throws UserError where they ask to fill in what training had nothing for
 */
export function trainedEncoding(
  { features, unknown }: Columns,
  { sheets }: Parts,
  options: SpecOptions,
): Encoding {
  const codes = new Map<string, { name: string; values?: string[]; fill?: number }>();
  for (const feature of features) {
    const name = sourceOf(feature);
    const { value, fill } = feature;
    const code = codes.get(name) ?? { name, ...(fill === undefined ? {} : { fill }) };
    if (value !== undefined) code.values = [...(code.values ?? []), value];
    codes.set(name, code);
  }
  for (const { missing, picked, table } of sheets) {
    for (const [at, { name, values, fill }] of [...codes.values()].entries()) {
      const kind = missing.of(picked.features[at]!);
      // Texts have no mean in training either: a missing one is refused where it stands.
      if (fill !== undefined || (kind !== 'mean' && kind !== '0') || (kind === 'mean' && values)) continue;
      throw new UserError(
        `${table.file}: the model has nothing to fill in for ${name}: missing=drop leaves such rows out`,
        2,
      );
    }
  }
  return {
    codes: [...codes.values()],
    unknown: choiceOption(options, 'unknown', ['refuse', 'zeros'], unknown ?? 'refuse'),
  };
}

/** The features that columns become, in the order of a record's values. */
export const featuresOf = (codes: readonly Code[]): Feature[] =>
  codes.flatMap(({ name, values, fill }): Feature[] => {
    const filled = fill === undefined ? {} : { fill };
    if (!values) return [{ name, mean: 0, std: 1, ...filled }];
    return values.map((value) => ({
      ...{ name: `${name}=${value}`, mean: 0, std: 1 },
      ...{ column: name, value, ...filled },
    }));
  });
