/**
 * `csv:FILE?label=COLUMN&test=FRACTION`: a table, gzip or not. Features must be numbers; the label may be text.
 * The options are told in docs/data.md. Columns and classes go by their names: in a test file, and in data that a
 * model is evaluated on, in any order.
 *
 * Records hold what the model is fed: values are read as float64, standardized as float64, and rounded to float32
 * once, so that no scale and no offset is lost.
 */
import { AS_IT_IS, type TensorSpec } from '../../../../shared/data/manifest.js';
import { UserError } from '../../../../shared/user-error.js';
import { countsOf, untrainedWarnings } from '../classes.js';
import { choiceOption } from '../options.js';
import { FED_AS_STORED } from '../scaling/normalization.js';
import type { DataSet, DataSource, Reader, Records } from '../source.js';
import type { SpecOptions } from '../spec.js';
import { orderedClasses, suspicionOf } from './table/classes.js';
import { type Picked, pickColumns, pickSame, type Wanted } from './table/columns.js';
import { chooseScalings, normalizeOption, type Scalings } from './table/normalize.js';
import { type Part, type Parts, split } from './table/parts.js';
import { featuresOf, refuseNoIndices, targetsOf } from './table/records.js';
import { nameOf, readTable, type Table } from './table/table.js';

export const csv: DataSource = {
  scheme: 'csv',
  usage: 'csv:FILE?label=COLUMN',
  endings: ['.csv', '.tsv'],
  options: [
    ...['label', 'test', 'testfile', 'task', 'header', 'skip', 'drop', 'seed'],
    ...['delimiter', 'decimal', 'encoding', 'missing', 'normalize'],
  ],
  pathOptions: ['testfile'],
  async open(file, options, reader) {
    if (file === '') throw new UserError('--data csv needs a file: csv:FILE?label=COLUMN', 2);
    const notes: string[] = [];
    const task = taskOf(options, reader);
    const wanted = wantedBy(reader);
    const table = await readTable(file, options, knownNames(options, wanted));
    const picked = wanted ? pickSame(table, wanted, options, notes) : pickColumns(table, options);
    notes.unshift(`${file}: ${table.dialect}; the label is ${nameOf(table, picked.label)}`);
    const parts = await split(table, picked, options, task === 'regression', notes);
    const labels = task === 'regression' ? VALUES : classesOf(parts, nameOf(table, picked.label), reader);
    return dataOf({ table, picked, parts, labels, options, reader, notes });
  },
};

/** @throws UserError */
function taskOf(options: SpecOptions, { trained }: Reader): 'classification' | 'regression' {
  const usual = trained?.label.kind === 'value' ? 'regression' : 'classification';
  return choiceOption(options, 'task', ['classification', 'regression'], usual);
}

function wantedBy({ trained }: Reader): Wanted | undefined {
  if (!trained?.columns) return undefined;
  const { named, label, features } = trained.columns;
  return {
    named,
    label,
    features: features.map(({ name }) => name),
    by: 'the data that the model was trained on',
  };
}

const knownNames = (options: SpecOptions, wanted: Wanted | undefined): string[] => [
  ...options.list('drop').filter((name) => !/^-?\d+$/.test(name)),
  ...(wanted?.named ? [wanted.label, ...wanted.features] : []),
];

/** What the labels are, before they are scaled. */
interface Labels extends Pick<DataSet, 'y' | 'label' | 'warnings' | 'unknownClasses'> {
  /** Class numbers by name; undefined in a regression. */
  classes?: ReadonlyMap<string, number>;
}

const VALUES: Labels = { y: { shape: [1], dtype: 'float32' }, label: { kind: 'value' } };

/** The classes of the model, or those of all rows. @throws UserError if there is nothing to tell apart */
function classesOf({ train, test }: Parts, column: string, { trained }: Reader): Labels {
  const [trainLabels, testLabels] = [train, test].map(({ examples }) =>
    examples.map(({ label }) => `${label}`),
  );
  const all = [...trainLabels!, ...testLabels!];
  const known = trained?.label.kind === 'class' ? trained.label.names : undefined;
  const names = known ?? orderedClasses(new Set(all));
  const classes = new Map(names.map((name, at) => [name, at]));
  const labels = { y: INDEX, label: { kind: 'class' as const, classes: names.length, names }, classes };
  if (known) {
    const unknown = (labels: readonly string[]) => countsOf(labels.filter((name) => !classes.has(name)));
    return { ...labels, unknownClasses: { train: unknown(trainLabels!), test: unknown(testLabels!) } };
  }
  const warnings: string[] = [];
  const suspicion = suspicionOf(column, names, all.length);
  if (suspicion) warnings.push(suspicion);
  warnings.push(...untrainedWarnings('training row', names, new Set(trainLabels)));
  return { ...labels, warnings };
}

const INDEX: TensorSpec = { shape: [], dtype: 'int32' };

interface Read {
  table: Table;
  picked: Picked;
  parts: Parts;
  labels: Labels;
  options: SpecOptions;
  reader: Reader;
  notes: string[];
}

async function dataOf(read: Read): Promise<DataSet> {
  const { table, picked, parts, labels, notes } = read;
  const { classes, ...told } = labels;
  const { features: scalings, label: scaling, notes: more, warnings } = await scalingsOf(read);
  const features = picked.features.map((column, i) => {
    const { mean, std } = scalings[i]!;
    return { name: nameOf(table, column), mean, std };
  });
  const label = nameOf(table, picked.label);
  const recordsOf = ({ examples }: Part): Records => {
    if (!classes) return { ...featuresOf(examples, features), y: targetsOf(examples, label, scaling) };
    const known = examples.filter((example) => classes.has(`${example.label}`));
    const y = Int32Array.from(known, (example) => classes.get(`${example.label}`)!);
    return { ...featuresOf(known, features), y };
  };
  return {
    name: `csv:${table.file}`,
    x: shapeOf(picked),
    ...told,
    ...(classes ? {} : { label: { kind: 'value', scaling } }),
    columns: { named: table.names !== undefined, label, features },
    normalisation: FED_AS_STORED,
    train: recordsOf(parts.train),
    test: recordsOf(parts.test),
    parts: { train: parts.train.text, test: parts.test.text },
    notes: [...notes, ...more],
    warnings: [...(told.warnings ?? []), ...warnings],
  };
}

/** Those that the model was trained with, or else what the options, the model and the training rows say. */
async function scalingsOf({ table, picked, parts, labels, options, reader }: Read): Promise<Scalings> {
  const { trained, endsOf } = reader;
  if (trained) {
    // Without columns, engines scale what they are fed, as `normalisation` says.
    const features = trained.columns?.features ?? picked.features.map(() => AS_IT_IS);
    const scaling = trained.label.kind === 'value' ? trained.label.scaling : undefined;
    return { features, label: scaling ?? AS_IT_IS, notes: [], warnings: [] };
  }
  const { train, test } = parts;
  const ends = (await endsOf?.({ x: shapeOf(picked), y: labels.y, label: labels.label })) ?? {};
  const choice = normalizeOption(table, options);
  const scalings = chooseScalings(table, picked, choice, ends, train.examples);
  if (ends.input?.takes === 'indices') {
    const features = picked.features.map((column, i) => ({
      name: nameOf(table, column),
      ...scalings.features[i]!,
    }));
    for (const { examples } of [train, test]) refuseNoIndices(examples, features, ends.input);
  }
  return scalings;
}

const shapeOf = ({ features }: Picked): TensorSpec => ({ shape: [features.length], dtype: 'float32' });
