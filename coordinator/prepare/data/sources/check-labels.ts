import { isLabel, type LabelKind, type RecordArray } from '../../../../shared/data/manifest.js';
import { hasSeveralOutputs, partPlaces, valuesOfPart } from '../../../../shared/data/named-parts.js';
import { UserError } from '../../../../shared/user-error.js';
import type { DataSet } from '../source.js';

/** @throws UserError if there is nothing to train on, or nothing to test on */
export function checkCounts({ name, train, test }: DataSet): void {
  for (const [split, { count }] of Object.entries({ train, test })) {
    if (count === 0) throw new UserError(`${name}: the ${split} set has no records: give more data`);
  }
}

/** @throws UserError naming the first record whose label is no class, or no number */
export function checkLabels({ name, label, named, train, test }: DataSet): void {
  for (const [split, records] of Object.entries({ train, test })) {
    if (!hasSeveralOutputs(named)) {
      checkOutput(`${name}: record`, split, label, records.y, records.count);
      continue;
    }
    const places = partPlaces(named.outputs);
    for (const [at, part] of named.outputs.entries()) {
      const values = valuesOfPart(records.y, records.count, places[at]!);
      checkOutput(`${name}: output ${part.name} of record`, split, part.label, values, records.count);
    }
  }
}

function checkOutput(what: string, split: string, label: LabelKind, y: RecordArray, count: number): void {
  const bad = y.findIndex((value) => !isLabel(label, value));
  if (bad < 0) return;
  const expected = {
    class: `a class from 0 to ${label.kind === 'class' ? label.classes - 1 : 0}`,
    multilabel: '0 or 1',
    value: 'a number',
  }[label.kind];
  const record = Math.floor((bad * count) / y.length);
  throw new UserError(`${what} ${record} of the ${split} set has label ${y[bad]}, expected ${expected}`);
}
