/** Which columns are standardized: those that the user names, or else what the model's two ends ask for. */

import { AS_IT_IS, type Scaling } from '../../../../../shared/data/manifest.js';
import { UserError } from '../../../../../shared/user-error.js';
import { scalingOf } from '../../scaling/scaling.js';
import { beyondRange, targetNote } from '../../scaling/target.js';
import type { ModelEnds } from '../../source.js';
import type { SpecOptions } from '../../spec.js';
import type { Picked } from './columns.js';
import type { Example } from './examples.js';
import { columnOf, nameOf, type Table } from './table.js';

const KINDS = ['standard', 'none'] as const;
type Kind = (typeof KINDS)[number];

export interface Choice {
  /** The choice for columns that are not named; undefined: the model decides. */
  all: Kind | undefined;
  byColumn: ReadonlyMap<number, Kind>;
}

/** `normalize=standard|none` for all columns, `COLUMN:standard|none` for one of them. @throws UserError */
export function normalizeOption(table: Table, options: SpecOptions): Choice {
  let all: Kind | undefined;
  const byColumn = new Map<number, Kind>();
  for (const { key, value } of options.pairs('normalize')) {
    const kind = kindOf(value ?? key);
    if (value === undefined) all = kind;
    else byColumn.set(columnOf(table, key, 'normalize'), kind);
  }
  return { all, byColumn };
}

export function kindOf(text: string): Kind {
  const kind = KINDS.find((known) => known === text);
  if (kind) return kind;
  throw new UserError(
    `--data option normalize takes standard or none, for all columns or as COLUMN:none for one, not ${text}`,
    2,
  );
}

export interface Scalings {
  label: Scaling;
  features: Scaling[];
  notes: string[];
  warnings: string[];
}

/** Chooses each column's scaling, from the training rows. */
export function chooseScalings(
  table: Table,
  { label, features }: Picked,
  { all, byColumn }: Choice,
  { input, output }: ModelEnds,
  examples: readonly Example[],
): Scalings {
  const isValue = typeof examples[0]?.label === 'number';
  const usual: Kind = all ?? (input ? 'none' : 'standard');
  const usualOfLabel: Kind = all ?? (output ? 'none' : 'standard');
  const scaling = (column: number, kind: Kind, read: (example: Example) => number) =>
    (byColumn.get(column) ?? kind) === 'standard' ? scalingOf(examples.map(read)) : AS_IT_IS;
  const scalings = {
    features: features.map((column, at) => scaling(column, usual, ({ values }) => values[at]!)),
    label: isValue ? scaling(label, usualOfLabel, (example) => example.label as number) : AS_IT_IS,
  };
  const notes = [featuresText(table, features, scalings.features, all === undefined ? input : undefined)];
  if (!isValue) return { ...scalings, notes, warnings: [] };
  const name = nameOf(table, label);
  notes.push(targetNote(name, scalings.label, all ? undefined : output));
  const targets = examples.map((example) => example.label as number);
  const titleOf = (row: number) => `${examples[row]!.file}, line ${examples[row]!.line}: ${name}`;
  return { ...scalings, notes, warnings: beyondRange(targets, scalings.label, output, titleOf) };
}

function featuresText(
  table: Table,
  features: readonly number[],
  scalings: readonly Scaling[],
  input: ModelEnds['input'],
): string {
  const left = features.filter((_, i) => scalings[i] === AS_IT_IS);
  if (left.length === 0)
    return 'features are standardized to mean 0 and deviation 1 (normalize=none leaves them as they are)';
  const why = input
    ? `, since layer ${input.layer} takes ${input.takes} (normalize=standard does it all the same)`
    : '';
  if (left.length === features.length) return `features are not normalized${why}`;
  const names = left.map((column) => nameOf(table, column)).join(', ');
  return `features are standardized, but for ${names}`;
}
