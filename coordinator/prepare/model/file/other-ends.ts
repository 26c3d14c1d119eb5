/** What an export of ours says of its two ends, held against the data that it is to be trained on further. */

import { UserError } from '../../../../shared/user-error.js';
import type { DataSet } from '../../data/source.js';
import { listed } from '../../words/listed.js';

interface Ends {
  classes?: unknown;
  features?: unknown;
  columnsNamed?: unknown;
}

/**
 * @param file where it stands, for messages
 * @param metadata `userDefinedMetadata` of the file, in which anything may stand
 * @throws UserError where an output would mean another class than it was trained for, or an input another column
 */
export function refuseOtherEnds(
  file: string,
  metadata: unknown,
  { name, label, columns }: Pick<DataSet, 'name' | 'label' | 'columns'>,
): void {
  const { classes, features, columnsNamed } = ((metadata as { swarmgrad?: unknown } | undefined)?.swarmgrad ??
    {}) as Ends;
  const names = label.kind === 'value' ? undefined : label.names;
  if (Array.isArray(classes) && names && `${classes}` !== `${names}`)
    throw new UserError(
      `${file}: the model's classes are ${listed(classes)}, and those of ${name} are ${listed(names)}: --head gives it a new last layer for these`,
      2,
    );
  const inputs = columns?.named ? columns.features.map((feature) => feature.name) : undefined;
  if (columnsNamed === true && Array.isArray(features) && inputs && `${features}` !== `${inputs}`)
    throw new UserError(
      `${file}: the model takes the columns ${listed(features)}, in this order, and ${name} has ${listed(inputs)}: put its columns in that order, or drop those that are too many`,
      2,
    );
}
