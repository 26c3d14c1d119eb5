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
    const bad =
      label.kind === 'class'
        ? y.findIndex((value) => !Number.isInteger(value) || value < 0 || value >= label.classes)
        : y.findIndex((value) => !Number.isFinite(value));
    if (bad < 0) continue;
    const expected = label.kind === 'class' ? `a class from 0 to ${label.classes - 1}` : 'a number';
    const record = Math.floor((bad * count) / y.length);
    throw new UserError(
      `${name}: record ${record} of the ${split} set has label ${y[bad]}, expected ${expected}`,
    );
  }
}
