/** `--class-weight`: what a training record counts, by its class. */
import type { LabelKind, RecordArray } from '../../../../shared/data/manifest.js';
import { didYouMean } from '../../../../shared/options/closest.js';
import { UserError } from '../../../../shared/user-error.js';
import { recordsAt } from '../built/records-at.js';
import type { DataSet } from '../source.js';

type ClassLabel = Extract<LabelKind, { kind: 'class' }>;

/** Classes that a note lists. */
const SHOWN = 10;

const refuse = (problem: string): never => {
  throw new UserError(`--class-weight ${problem}`, 2);
};

/** Weights by the names of classes, or `balanced`. @throws UserError where the text is neither */
export function parseClassWeight(text: string): 'balanced' | Map<string, number> {
  if (text === 'balanced') return text;
  const pairs = text.trimStart().startsWith('{') ? fromJson(text) : fromList(text);
  const weights = new Map<string, number>();
  for (const [name, weight] of pairs) {
    if (weights.has(name)) refuse(`has class ${name} twice: leave one of them out`);
    if (typeof weight !== 'number' || !Number.isFinite(Math.fround(weight)) || weight < 0)
      refuse(`gives class ${name} ${JSON.stringify(weight)}: give a number of at least 0`);
    weights.set(name, weight as number);
  }
  return weights;
}

function fromJson(text: string): [string, unknown][] {
  try {
    return Object.entries(JSON.parse(text));
  } catch {
    return refuse(`is no JSON object, such as '{"cat": 1, "dog": 3}': ${text}`);
  }
}

function fromList(text: string): [string, unknown][] {
  return text.split(',').map((pair) => {
    const [, name, weight] = /^(.+)=([^=]*)$/s.exec(pair) ?? [];
    if (name === undefined) return refuse(`must be balanced, CLASS=WEIGHT,... or a JSON object, not ${text}`);
    const isNumber = /^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(weight!);
    return [name, isNumber ? Number(weight) : weight];
  });
}

/**
 * @param text as `--class-weight` takes it
 * @returns a weight for each class of the data; 1 for a class that is not mentioned, as in Keras
 * @throws UserError where the data have no class for each record, or other classes
 */
export function classWeightsOf(text: string, data: DataSet): { weights: number[]; note: string } {
  const asked = parseClassWeight(text);
  const { label, y } = data;
  if (label.kind === 'multilabel')
    return refuse(
      `is for one class a record, and a record of ${data.name} may have several: leave it out, or let records count more by a weight of their own (weight=COLUMN)`,
    );
  if (label.kind !== 'class') return refuse(`is for classes, and the labels of ${data.name} are numbers`);
  if (y.shape.length > 0)
    return refuse(`is for one class a record, and ${data.name} has one for each of [${y.shape}] positions`);
  const nameOf = (id: number) => label.names?.[id] ?? `${id}`;
  const weights = asked === 'balanced' ? balanced(data, label) : named(asked, label, nameOf);
  if (!weights.some((weight) => weight > 0)) return refuse('gives every class 0: nothing would be learned');
  const shown = weights.slice(0, SHOWN).map((weight, id) => `${nameOf(id)} ${Number(weight.toPrecision(4))}`);
  const more = weights.length > SHOWN ? `, and ${weights.length - SHOWN} more` : '';
  return { weights, note: `class weights: ${shown.join(', ')}${more}` };
}

function named(asked: Map<string, number>, label: ClassLabel, nameOf: (id: number) => string): number[] {
  const names = Array.from({ length: label.classes }, (_, id) => nameOf(id));
  for (const name of asked.keys()) {
    if (names.includes(name)) continue;
    const known = `known are ${names.slice(0, 20).join(', ')}${names.length > 20 ? ', ...' : ''}`;
    refuse(`names class ${JSON.stringify(name)}, which the data lack: ${known}${didYouMean(name, names)}`);
  }
  return names.map((name) => asked.get(name) ?? 1);
}

/** scikit-learn's `balanced`: records / (classes that there are x records of the class). */
function balanced(data: DataSet, { classes }: ClassLabel): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const y of trainingLabels(data)) for (const id of y) counts[id]!++;
  const records = counts.reduce((sum, count) => sum + count, 0);
  const present = counts.filter((count) => count > 0).length;
  return counts.map((count) => (count > 0 ? records / (present * count) : 1));
}

/** Of stored records chunk by chunk: all of them at once may be larger than the memory. */
function* trainingLabels(data: DataSet): Iterable<RecordArray> {
  const { stored } = data;
  if (!stored) return yield data.train.y;
  const { records, recordsPerChunk } = stored.train;
  for (let from = 0; from < records; from += recordsPerChunk)
    yield recordsAt(stored.train, stored.objects, from, Math.min(records, from + recordsPerChunk)).y;
}
