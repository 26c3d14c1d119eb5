/**
 * A program's data for a model with several inputs or outputs: `x: { a: { shape }, b: { shape } }`, and records whose `x`
 * and `y` are objects of the parts. Each part is read as a data set of one input and one output is.
 */
import { UserError } from '../../../../../shared/user-error.js';
import type { Pair } from '../data-set.js';
import { checkedForm, type OwnDataSet, type OwnNamedDataSet, type OwnNamedRecords } from './own-data-set.js';
import { pairOf } from './records.js';
import { shown } from './values.js';

/** One input beside one output. */
export interface OwnPart {
  input: string;
  output: string;
  form: OwnDataSet;
  train: Pair;
  test: Pair | undefined;
}

type Named = Record<string, unknown>;

const isObject = (value: unknown): value is Named =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);

/** Whether `x` tells of several inputs, or `y` or `label` of several outputs. */
export function isNamed(raw: unknown): raw is OwnNamedDataSet {
  if (!isObject(raw)) return false;
  const { x, y, label } = raw;
  return (
    isNamedSide(x) ||
    (isObject(y) && !Array.isArray(y.shape)) ||
    (isObject(label) && typeof label.kind !== 'string')
  );
}

/** @throws UserError naming the part and the remedy */
export async function namedParts(raw: OwnNamedDataSet, where: string): Promise<OwnPart[]> {
  const { train, test, x, y, label, ...others } = raw as unknown as Named;
  const inputs: Named = isNamedSide(x) ? (x as Named) : { x };
  const told = namesOfOutputs(y, label);
  const isNamedOutput = told.length > 0;
  const outputs = isNamedOutput ? told : ['y'];
  if (Object.keys(inputs).length === 0 || outputs.length === 0)
    throw new UserError(
      `${where}x and label must name the parts: x: { a: { shape }, b: { shape } }, label: { c: { kind }, d: { kind } }`,
      2,
    );
  const names = { x: Object.keys(inputs), y: outputs };
  const all = await recordsOf(train as OwnNamedRecords, `${where}train`);
  const isPart = test !== undefined && typeof test !== 'number';
  const tested = isPart ? await recordsOf(test as OwnNamedRecords, `${where}test`) : undefined;
  const parts: OwnPart[] = [];
  for (let at = 0; at < Math.max(names.x.length, names.y.length); at++) {
    const [input, output] = [names.x[at] ?? names.x[0]!, names.y[at] ?? names.y[0]!];
    const raw = {
      ...others,
      // Drawn where all parts are put together.
      ...(typeof test === 'number' ? { test } : {}),
      train: [],
      x: inputs[input],
      ...partOf(y, output, 'y', Array.isArray((y as Named | undefined)?.shape)),
      ...partOf(label, output, 'label', typeof (label as Named | undefined)?.kind === 'string'),
    };
    const form = checkedForm(raw, `${where}${input}, ${output}: `);
    const own = { x: isNamedSide(x) ? input : undefined, y: isNamedOutput ? output : undefined };
    parts.push({
      ...{ input, output, form },
      train: await pairOf(all(own) as never, form, `${where}train of ${input}, ${output}`),
      test: tested && (await pairOf(tested(own) as never, form, `${where}test of ${input}, ${output}`)),
    });
  }
  return parts;
}

const isNamedSide = (x: unknown): boolean => isObject(x) && !Array.isArray(x.shape);

/** Of label and y, whichever tell of several outputs. */
function namesOfOutputs(y: unknown, label: unknown): string[] {
  const of = (value: unknown, single: (given: Named) => boolean) =>
    isObject(value) && !single(value) ? Object.keys(value) : [];
  const names = new Set([
    ...of(label, ({ kind }) => typeof kind === 'string'),
    ...of(y, ({ shape }) => Array.isArray(shape)),
  ]);
  return [...names];
}

/** What is said of an output, by its name or of the only one. */
function partOf(value: unknown, output: string, key: string, isWhole: boolean): Named {
  const own = isWhole ? value : (value as Named | undefined)?.[output];
  return own === undefined ? {} : { [key]: own };
}

/** Which part is wanted; undefined: there is one. */
interface Wanted {
  x: string | undefined;
  y: string | undefined;
}

/** @returns the records of one input and one output, from records that may come only once */
async function recordsOf(given: OwnNamedRecords, place: string): Promise<(wanted: Wanted) => unknown> {
  const part = typeof given === 'function' ? await given() : given;
  if (isObject(part) && 'x' in part && 'y' in part)
    return (wanted) => ({
      ...part,
      x: chosen(part.x, wanted.x, `${place}.x`),
      y: chosen(part.y, wanted.y, `${place}.y`),
    });
  const isIterable =
    typeof part === 'object' && part !== null && (Symbol.iterator in part || Symbol.asyncIterator in part);
  if (!isIterable)
    throw new UserError(
      `${place} must be { x, y }, records of { x, y }, or a function that returns them, not ${shown(part)}`,
      2,
    );
  const records: Named[] = [];
  for await (const record of part as AsyncIterable<Named>) records.push(record);
  return (wanted) =>
    records.map((record, i) => {
      const at = `${place}, record ${i}`;
      if (!isObject(record)) throw new UserError(`${at} must be { x, y }, not ${shown(record)}`);
      return {
        ...record,
        x: chosen(record.x, wanted.x, `${at}: x`),
        y: chosen(record.y, wanted.y, `${at}: y`),
      };
    });
}

function chosen(value: unknown, name: string | undefined, place: string): unknown {
  if (name === undefined) return value;
  const own = isObject(value) ? value[name] : undefined;
  if (own !== undefined) return own;
  throw new UserError(
    `${place} has no ${name}: give { ${name}: ... } with a value for each part, not ${shown(value)}`,
  );
}
