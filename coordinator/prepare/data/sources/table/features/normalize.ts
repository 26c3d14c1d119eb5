/** Which columns are standardized: those that the user names, or else what the model's two ends ask for. */

import { AS_IT_IS, type Feature, type Scaling, sourceOf } from '../../../../../../shared/data/manifest.js';
import { UserError } from '../../../../../../shared/user-error.js';
import { listed } from '../../../../words/listed.js';
import { scalingOf } from '../../../scaling/scaling.js';
import { beyondRange, targetNote } from '../../../scaling/target.js';
import type { ModelEnds } from '../../../source.js';
import type { SpecOptions } from '../../../spec.js';
import { columnsOf, nameOf, type Table } from '../cells/table.js';
import type { Part } from '../picking/parts.js';
import { type Encoding, featuresOf } from './encoding.js';
import { labelsOf, valuesOf } from './records.js';

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
    else for (const column of columnsOf(table, key, 'normalize')) byColumn.set(column, kind);
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
  features: Feature[];
  notes: string[];
  warnings: string[];
}

/**
 * Chooses each feature's scaling, from the training rows. What was made of texts stays 0 and 1, unless its column is
 * named.
 */
export function chooseScalings(
  train: Part,
  { codes }: Encoding,
  { all, byColumn }: Choice,
  { input, output }: ModelEnds,
  isValue: boolean,
): Scalings {
  const { table, picked } = train;
  const usual: Kind = all ?? (input ? 'none' : 'standard');
  const features = picked.features.flatMap((column, at) => {
    const code = codes[at]!;
    const kind = byColumn.get(column) ?? (code.values ? 'none' : usual);
    const plain = featuresOf([code]);
    if (kind === 'none') return plain;
    return plain.map(
      (feature): Feature => ({ ...feature, ...scalingOf(valuesOf(train, column, code, feature)) }),
    );
  });
  const notes = [featuresText(features, all === undefined ? input : undefined)];
  if (!isValue) return { features, label: AS_IT_IS, notes, warnings: [] };
  const targets = labelsOf(train);
  const name = nameOf(table, picked.label);
  const kind = byColumn.get(picked.label) ?? all ?? (output ? 'none' : 'standard');
  const label = kind === 'standard' ? scalingOf(targets) : AS_IT_IS;
  notes.push(targetNote(name, label, all ? undefined : output));
  const titleOf = (record: number) => `${table.placeOf(train.rows[record]!)}: ${name}`;
  return { features, label, notes, warnings: beyondRange(targets, label, output, titleOf) };
}

const isLeft = ({ mean, std }: Scaling): boolean => mean === 0 && std === 1;

function featuresText(features: readonly Feature[], input: ModelEnds['input']): string {
  const left = features.filter(isLeft);
  if (left.length === 0)
    return 'features are standardized to mean 0 and deviation 1 (normalize=none leaves them as they are)';
  const why = input
    ? `, since layer ${input.layer} takes ${input.takes} (normalize=standard does it all the same)`
    : '';
  if (left.length === features.length) return `features are not normalized${why}`;
  return `features are standardized, but for ${listed([...new Set(left.map(sourceOf))])}`;
}
