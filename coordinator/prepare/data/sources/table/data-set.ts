/**
 * A data set of a table, whatever kind of file it was read from. Columns and classes go by their names: in a test
 * file, and in data that a model is evaluated on, in any order.
 *
 * Records hold what the model is fed: values are read as float64, standardized as float64, and rounded to float32
 * once, so that no scale and no offset is lost.
 */
import { weightsNote } from '../../labels/record-weights.js';
import { choiceOption } from '../../options.js';
import type { DataSet, Reader, Records } from '../../source.js';
import type { SpecOptions } from '../../spec.js';
import { type Head, nameOf } from './cells/table.js';
import { checkCells, classesOfCells, numbersInCells } from './features/check.js';
import { encodingOf, gapNotes, trainedEncoding } from './features/encoding.js';
import { featuresOfTable } from './features/features.js';
import { scaledLabels } from './features/records.js';
import { recordSpecOf } from './features/shaped.js';
import { weightsOfRows } from './features/weights.js';
import { classesOf, spellingNotes, VALUES } from './labels/classes.js';
import { classesInCells, separatorOf, severalOf, severalOption } from './labels/several.js';
import { pickColumns, pickSame, wantedByModel } from './picking/columns.js';
import { type Part, split } from './picking/parts.js';
import { labelColumnsOf, type TableReader, type TableRequest } from './picking/reading.js';
import { dataOfTexts, hasTexts, TEXT_OPTIONS } from './texts/data-set.js';

/** The options that every table has. */
export const TABLE_OPTIONS = [
  ...['label', 'weight', 'test', 'testfile', 'task', 'separator', 'drop', 'seed', 'features'],
  ...['missing', 'categories', 'unknown', 'normalize', 'shape'],
  ...TEXT_OPTIONS,
] as const;

const TASKS = ['classification', 'regression', 'multilabel'] as const;
const SEVERAL = ': any number of classes at once';

/**
 * @param scheme stands before the name of the file in that of the data set
 * @param testFile the test set, where the option `testfile` names no other
 * @throws UserError
 */
export async function dataOfTable(
  scheme: string,
  read: TableReader,
  file: string,
  options: SpecOptions,
  reader: Reader,
  testFile?: string,
): Promise<DataSet> {
  if (hasTexts(options, reader)) return dataOfTexts(scheme, read, file, options, reader, testFile);
  const notes: string[] = [];
  const { trained } = reader;
  const several = severalOption(options, trained);
  const usual = trained?.label.kind === 'value' ? 'regression' : 'classification';
  const isRegression = !several && choiceOption(options, 'task', TASKS, usual) === 'regression';
  const { columns: ofModel } = trained ?? {};
  const wanted = ofModel && wantedByModel({ columns: ofModel, label: trained!.label });
  const request: TableRequest = {
    ...{ file, options, isRegression, several },
    known: [
      ...options.list('drop').filter((name) => !/^-?\d+$/.test(name)),
      ...(wanted?.named ? [...wanted.labels, ...wanted.features] : []),
    ],
    pick: (head: Head) =>
      wanted ? pickSame(head, wanted, options, notes) : pickColumns(head, options, several),
  };
  const own = await read(request);
  const { table, picked } = own;
  const label = labelColumnsOf(picked)
    .map((column) => nameOf(table, column))
    .join(', ');
  notes.unshift(`${file}: ${table.dialect}; the label is ${label}${several ? SEVERAL : ''}`);
  const parts = await split(read, request, own, options.get('testfile') ?? testFile, notes);
  if (!isRegression && !several) notes.push(...parts.sheets.flatMap(spellingNotes));
  const encoding = trained?.columns
    ? trainedEncoding(trained.columns, parts, options)
    : encodingOf(parts, options, notes);
  const checkLabel = several ? classesInCells(several) : isRegression ? numbersInCells : classesOfCells;
  for (const sheet of parts.sheets) checkCells(sheet, encoding, checkLabel);
  notes.push(...parts.sheets.flatMap((sheet) => gapNotes(sheet, encoding)));
  const labels = isRegression
    ? VALUES
    : several
      ? severalOf(parts, several, reader)
      : classesOf(parts, reader);
  const x = recordSpecOf(file, [parts.train, parts.test], encoding, options, reader);
  const shapes = { x, y: labels.y, label: labels.label };
  const features = await featuresOfTable(parts, shapes, encoding, options, reader);
  const { rowsOf, of, ...told } = labels;
  const known = (part: Part): Part => ({ ...part, rows: rowsOf(part) });
  const recordsOf = (part: Part): Records => {
    const used = known(part);
    return { ...features.of(used), y: of ? of(used) : scaledLabels(used, features.label) };
  };
  const weight = weightsOfRows(known(parts.train));
  if (weight) notes.push(weightsNote(`column ${nameOf(table, picked.weight!)}`, weight));
  const { columns, normalisation } = features;
  return {
    name: `${scheme}:${file}`,
    x,
    ...told,
    ...(of ? {} : { label: { kind: 'value', scaling: features.label } }),
    columns: {
      ...{ named: table.names !== undefined, label, features: columns },
      ...(encoding.unknown === 'zeros' ? { unknown: 'zeros' as const } : {}),
      ...(several && !picked.labels ? { separator: separatorOf(several) } : {}),
    },
    normalisation,
    train: { ...recordsOf(parts.train), ...(weight && { weight }) },
    test: recordsOf(parts.test),
    parts: { train: parts.train.text, test: parts.test.text },
    notes: [...notes, ...features.notes],
    warnings: [...(told.warnings ?? []), ...features.warnings],
  };
}
