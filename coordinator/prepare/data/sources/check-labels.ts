import { isLabel } from '../../../../shared/data/manifest.js';
import { UserError } from '../../../../shared/user-error.js';
import type { DataSet } from '../source.js';

/** @throws UserError if there is nothing to train on, or nothing to test on */
export function checkCounts({ name, train, test }: DataSet): void {
  for (const [split, { count }] of Object.entries({ train, test })) {
    if (count === 0) throw new UserError(`${name}: the ${split} set has no records: give more data`);
  }
}

/** @throws UserError naming the first record whose label is no class, or no number */
export function checkLabels({ name, label, train, test }: DataSet): void {
  for (const [split, { count, y }] of Object.entries({ train, test })) {
    const bad = y.findIndex((value) => !isLabel(label, value));
    if (bad < 0) continue;
    const expected = {
      class: `a class from 0 to ${label.kind === 'class' ? label.classes - 1 : 0}`,
      multilabel: '0 or 1',
      value: 'a number',
    }[label.kind];
    const record = Math.floor((bad * count) / y.length);
    throw new UserError(
      `${name}: record ${record} of the ${split} set has label ${y[bad]}, expected ${expected}`,
    );
  }
}
