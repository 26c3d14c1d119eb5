/**
 * Labels of any number of classes at once: a column of 0 and 1 for each class (`label=a,b,c`), or one column of lists
 * (`label=tags&separator=pipe`, or lists of JSON and Parquet with `task=multilabel`).
 */
import type { RecordFormat } from '../../../../../../shared/data/manifest.js';
import { UserError } from '../../../../../../shared/user-error.js';
import { listed } from '../../../../words/listed.js';
import { countsOf, untrainedWarnings } from '../../../labels/classes.js';
import { characterOption } from '../../../options.js';
import type { Reader } from '../../../source.js';
import type { SpecOptions } from '../../../spec.js';
import { numberFault } from '../cells/faults.js';
import { classNameOf } from '../cells/number-field.js';
import { cellPlace, nameOf, type Table, textAt } from '../cells/table.js';
import type { Check } from '../features/check.js';
import type { Part, Parts, Sheet } from '../picking/parts.js';
import { labelColumnsOf, type Several, type TableRequest } from '../picking/reading.js';
import { tokensOfList } from '../values/list-of-tokens.js';
import { joined, type ListAs } from '../values/value-column.js';
import { type Labels, orderedClasses } from './classes.js';

/** Between the classes of lists that the file itself keeps apart: it stands in no name. */
const UNIT = '\u001f';
/** More are hardly classes. */
const MOST_CLASSES = 1000;

export const separatorOf = ({ separator = UNIT }: Several): string => separator;

/** @returns undefined for data of one label a row. @throws UserError */
export function severalOption(options: SpecOptions, trained: RecordFormat | undefined): Several | undefined {
  const labels = options.list('label');
  const task = options.get('task');
  if (trained && trained.label.kind !== 'multilabel') return undefined;
  const isTold = labels.length > 1 || options.get('separator') !== undefined;
  if (isTold && task !== undefined && task !== 'multilabel')
    throw new UserError(
      `--data option task=${task}: a row has one label then, and ${labels.length > 1 ? `label names ${labels.length} columns` : 'separator divides it into several'}; task=multilabel takes any number of classes at once`,
      2,
    );
  if (!trained && !isTold && task !== 'multilabel') return undefined;
  const separator = characterOption(options, 'separator') ?? trained?.columns?.separator;
  return { separator: separator === UNIT ? undefined : separator };
}

/** @throws UserError where one column of text is to hold lists, and nothing says what stands between their classes */
export function refuseUndivided(options: SpecOptions, { trained }: Reader): void {
  if (options.get('task') !== 'multilabel' || options.list('label').length > 1) return;
  if (options.get('separator') !== undefined || trained?.label.kind === 'multilabel') return;
  throw new UserError(
    '--data csv, task=multilabel: label=a,b,c names a column of 0 and 1 for each class, or separator=pipe says what stands between the classes in one column',
    2,
  );
}

/** What lists in a column with types become one text by; undefined: they are columns. */
export function listAs(name: string, { several, text, options, known }: TableRequest): ListAs | undefined {
  if (name === text) return tokensOfList;
  if (!several) return undefined;
  const labels = options.list('label');
  const isLabel = labels.length > 0 ? labels.length === 1 && labels[0] === name : known.includes(name);
  return isLabel ? (list) => joined(list, separatorOf(several)) : undefined;
}

/** @throws UserError unless there are two classes, and at most a thousand */
export function severalOf(parts: Parts, several: Several, { trained }: Reader): Labels {
  const { table, picked } = parts.train;
  const known = trained?.label.kind === 'multilabel' ? trained.label.names : undefined;
  const asColumns = picked.labels?.map((column) => nameOf(table, column));
  const namesOf = (part: Part) => classLists(part, several, asColumns);
  const [trainNames, testNames] = [namesOf(parts.train), namesOf(parts.test)];
  const names = known ?? asColumns ?? orderedClasses(new Set([...trainNames, ...testNames].flat()));
  if (names.length > MOST_CLASSES)
    throw new UserError(
      `${table.file}, column ${nameOf(table, picked.label)}: ${names.length} different classes, more than ${MOST_CLASSES}: is it the label, and is it divided as it should be?`,
      2,
    );
  const numbers = new Map(names.map((name, at) => [name, at]));
  const unknown = (lists: readonly string[][]) => countsOf(lists.flat().filter((name) => !numbers.has(name)));
  return {
    y: { shape: [names.length], dtype: 'uint8' },
    label: { kind: 'multilabel', classes: names.length, names },
    warnings: known ? [] : untrainedWarnings('training row', names, new Set(trainNames.flat())),
    ...(known ? { unknownClasses: { train: unknown(trainNames), test: unknown(testNames) } } : {}),
    rowsOf: (part) => {
      const own = namesOf(part);
      return part.rows.filter((_, at) => own[at]!.every((name) => numbers.has(name)));
    },
    of: (part) => {
      const y = new Uint8Array(part.rows.length * names.length);
      for (const [record, own] of namesOf(part).entries())
        for (const name of own) y[record * names.length + numbers.get(name)!] = 1;
      return y;
    },
  };
}

/** The classes of each row. @param asColumns the names of those that have a column of 0 and 1 */
export function classLists(
  { table, picked, rows }: Pick<Part, 'table' | 'picked' | 'rows'>,
  several: Several,
  asColumns: readonly string[] = [],
): string[][] {
  const { labels, label } = picked;
  const separator = separatorOf(several);
  if (!labels) return rows.map((row) => classesAt(table, row, label, separator));
  const isThere = (row: number, column: number) => table.columns[column]!.numberAt(row) === 1;
  return rows.map((row) => asColumns.filter((_, at) => isThere(row, labels[at]!)));
}

/** The classes of a list. */
function classesAt(table: Table, row: number, column: number, separator: string): string[] {
  const odd = table.columns[column]!.oddAt(row);
  const text = odd ? odd.text : textAt(table, row, column)!;
  if (text === '') return [];
  return text.split(separator).map((name) => classNameOf(name.trim(), table.decimal));
}

/** What is wrong with a cell of the label: with a list, or with what should be 0 or 1. */
export function classesInCells(several: Several): (sheet: Sheet, column: number) => Check {
  return ({ table, picked }, column) => {
    const cells = table.columns[column]!;
    const isFlag = labelColumnsOf(picked).length > 1;
    const refuse = (row: number, text: string) => () =>
      new UserError(`${cellPlace(table, row, column)}: ${text}`);
    return (row) => {
      const odd = cells.oddAt(row);
      if (odd?.kind === 'fault') return () => numberFault(table, row, column);
      if (odd?.kind === 'missing')
        return refuse(
          row,
          `the label is missing ('${odd.text}'): missing=drop leaves such rows out${isFlag ? '' : ', and an empty list has no class'}`,
        );
      if (isFlag) {
        const value = odd ? Number.NaN : cells.numberAt(row);
        if (value === 0 || value === 1) return undefined;
        return refuse(
          row,
          `${odd ? `'${odd.text}'` : value} is neither 0 nor 1, as label=${listed(
            labelColumnsOf(picked).map((label) => nameOf(table, label)),
            4,
          )} needs it`,
        );
      }
      const names = classesAt(table, row, column, separatorOf(several));
      if (names.includes('')) return refuse(row, `'${odd?.text}' has a class without a name`);
      const twice = names.find((name, at) => names.indexOf(name) !== at);
      if (twice === undefined) return undefined;
      return refuse(
        row,
        `class '${twice}' stands twice in the list: a list names each class that is there once (columns of 0 and 1 are label=a,b,c)`,
      );
    };
  };
}
