/** Which columns are standardized: those that the user names, or else what the model's two ends ask for. */

import { AS_IT_IS, type Scaling } from '../../../../../shared/data/manifest.js';
import { significant } from '../../../../../shared/status/figures.js';
import { UserError } from '../../../../../shared/user-error.js';
import { scaled, scalingOf } from '../../scaling.js';
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
  if (isValue) notes.push(targetText(nameOf(table, label), scalings.label, all ? undefined : output));
  const beyond = isValue ? beyondRange(nameOf(table, label), scalings.label, output, examples) : undefined;
  return { ...scalings, notes, warnings: beyond ? [beyond] : [] };
}

/** Tells of the first target that the model's last layer cannot give. */
function beyondRange(
  name: string,
  scaling: Scaling,
  output: ModelEnds['output'],
  examples: readonly Example[],
): string | undefined {
  const [least, greatest] = output?.range ?? [-Infinity, Infinity];
  const isBeyond = (value: number) => value < least || value > greatest;
  const found = examples.find(({ label }) => isBeyond(scaled(label as number, scaling)));
  if (!found) return undefined;
  const limits = greatest === Infinity ? `at least ${least}` : `from ${least} to ${greatest}`;
  const standardized = scaling === AS_IT_IS ? '' : ', standardized';
  return `${found.file}, line ${found.line}: ${name} is ${significant(scaled(found.label as number, scaling))}${standardized}, and layer ${output!.layer} ${output!.why}, which is ${limits}: change its activation to linear`;
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

function targetText(name: string, scaling: Scaling, output: ModelEnds['output']): string {
  if (scaling !== AS_IT_IS) {
    const [mean, std] = [significant(scaling.mean), significant(scaling.std)];
    return `the target ${name} is standardized (mean ${mean}, deviation ${std}): losses are of deviations, mean absolute errors in units of ${name}`;
  }
  return `the target ${name} is not standardized${output ? `, since layer ${output.layer} ${output.why}` : ''}`;
}
