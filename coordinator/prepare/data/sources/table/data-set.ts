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
import { classesOf, classNamesOf, spellingNotes, VALUES } from './classes.js';
import { checkCells } from './features/check.js';
import { encodingOf, gapNotes, trainedEncoding } from './features/encoding.js';
import { featuresOfTable } from './features/features.js';
import { scaledLabels } from './features/records.js';
import { recordSpecOf } from './features/shaped.js';
import { weightsOfRows } from './features/weights.js';
import { pickColumns, pickSame, wantedByModel } from './picking/columns.js';
import { type Part, split } from './picking/parts.js';
import type { TableReader } from './picking/reading.js';

/** The options that every table has. */
export const TABLE_OPTIONS = [
  ...['label', 'weight', 'test', 'testfile', 'task', 'drop', 'seed', 'features'],
  ...['missing', 'categories', 'unknown', 'normalize', 'shape'],
] as const;

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
  const notes: string[] = [];
  const { trained } = reader;
  const usual = trained?.label.kind === 'value' ? 'regression' : 'classification';
  const isRegression =
    choiceOption(options, 'task', ['classification', 'regression'], usual) === 'regression';
  const wanted = trained?.columns && wantedByModel(trained.columns);
  const request = {
    ...{ file, options, isRegression },
    known: [
      ...options.list('drop').filter((name) => !/^-?\d+$/.test(name)),
      ...(wanted?.named ? [wanted.label, ...wanted.features] : []),
    ],
    pick: (head: Head) => (wanted ? pickSame(head, wanted, options, notes) : pickColumns(head, options)),
  };
  const own = await read(request);
  const { table, picked } = own;
  const label = nameOf(table, picked.label);
  notes.unshift(`${file}: ${table.dialect}; the label is ${label}`);
  const parts = await split(read, request, own, options.get('testfile') ?? testFile, notes);
  if (!isRegression) notes.push(...parts.sheets.flatMap(spellingNotes));
  const encoding = trained?.columns
    ? trainedEncoding(trained.columns, parts, options)
    : encodingOf(parts, options, notes);
  for (const sheet of parts.sheets) checkCells(sheet, encoding, isRegression);
  notes.push(...parts.sheets.flatMap((sheet) => gapNotes(sheet, encoding)));
  const labels = isRegression ? VALUES : classesOf(parts, reader);
  const x = recordSpecOf(file, [parts.train, parts.test], encoding, options, reader);
  const shapes = { x, y: labels.y, label: labels.label };
  const features = await featuresOfTable(parts, shapes, encoding, options, reader);
  const { classes, ...told } = labels;
  const recordsOf = (part: Part): Records => {
    if (!classes) return { ...features.of(part), y: scaledLabels(part, features.label) };
    const names = classNamesOf(part);
    const known = names
      .map((name, at) => ({ name, row: part.rows[at]! }))
      .filter(({ name }) => classes.has(name));
    const y = Int32Array.from(known, ({ name }) => classes.get(name)!);
    return { ...features.of({ ...part, rows: known.map(({ row }) => row) }), y };
  };
  const known = classes && knownRows(parts.train, classes);
  const weight = weightsOfRows(known ? { ...parts.train, rows: known } : parts.train);
  if (weight) notes.push(weightsNote(`column ${nameOf(table, picked.weight!)}`, weight));
  const { columns, normalisation } = features;
  return {
    name: `${scheme}:${file}`,
    x,
    ...told,
    ...(classes ? {} : { label: { kind: 'value', scaling: features.label } }),
    columns: {
      ...{ named: table.names !== undefined, label, features: columns },
      ...(encoding.unknown === 'zeros' ? { unknown: 'zeros' as const } : {}),
    },
    normalisation,
    train: { ...recordsOf(parts.train), ...(weight && { weight }) },
    test: recordsOf(parts.test),
    parts: { train: parts.train.text, test: parts.test.text },
    notes: [...notes, ...features.notes],
    warnings: [...(told.warnings ?? []), ...features.warnings],
  };
}

/** Rows of classes that are known: of data read for a model, others are left out. */
function knownRows(part: Part, classes: ReadonlyMap<string, number>): number[] {
  const names = classNamesOf(part);
  return part.rows.filter((_, at) => classes.has(names[at]!));
}
