/**
 * What the model is fed of arrays. Bytes with three axes a record are pictures: they travel as bytes, and engines
 * scale them. One axis of numbers is a table's row: each column is standardized in float64, and rounded to float32
 * once. More axes of numbers are rounded to float32, and engines standardize them along the last axis.
 */
import {
  AS_IT_IS,
  type Columns,
  type Normalization,
  type RecordArray,
  type Scaling,
  type TensorSpec,
} from '../../../../shared/data/manifest.js';
import { sizeOf } from '../../../../shared/numerics/shape.js';
import { UserError } from '../../../../shared/user-error.js';
import { choiceOption } from '../options.js';
import { FED_AS_STORED, pixelNormalization } from '../scaling/normalization.js';
import { scaled, scalingOf } from '../scaling/scaling.js';
import type { DataShapes, ModelEnds, Reader } from '../source.js';
import type { SpecOptions } from '../spec.js';
import { numbersOf, type PlainArray, recordSizeOf } from './plain-array.js';

export interface Features {
  normalisation: Normalization;
  columns?: Columns['features'];
  notes: string[];
  warnings: string[];
  of(array: PlainArray): RecordArray;
}

/** The shape of a record as the model sees it: that of the array, or `shape=28x28x1`. @throws UserError */
export function recordSpecOf(array: PlainArray, options: SpecOptions): { x: TensorSpec; notes: string[] } {
  const given = options.get('shape');
  const own = array.shape.slice(1);
  if (array.kind === 'text')
    throw new UserError(`${array.title} holds texts: a model is fed numbers (text:FILE reads text)`);
  const shape = given === undefined ? usualShape(array, own) : shapeOf(given);
  if (sizeOf(shape) !== sizeOf(own))
    throw new UserError(
      `--data option shape=${given} has ${sizeOf(shape)} values a record, ${array.title} has ${sizeOf(own)} ([${own}])`,
      2,
    );
  const isPicture = array.dtype === 'uint8' && shape.length === 3;
  const notes =
    given === undefined && `${shape}` !== `${own}` ? [`records of ${array.title} have shape [${shape}]`] : [];
  return { x: { shape, dtype: isPicture ? 'uint8' : 'float32' }, notes };
}

/** Bytes of two axes are pictures of one color; a record of one number is a row of one column. */
function usualShape({ dtype }: PlainArray, own: readonly number[]): number[] {
  if (own.length === 0) return [1];
  return dtype === 'uint8' && own.length === 2 ? [...own, 1] : [...own];
}

/** The sizes in `28x28x1`. @throws UserError */
export function shapeOf(text: string): number[] {
  const sizes = text.split('x').map(Number);
  if (sizes.every((size) => Number.isInteger(size) && size > 0)) return sizes;
  throw new UserError(`--data option shape must be sizes such as 28x28x1, not ${text}`, 2);
}

/** @param train the training records alone decide how all are scaled. @throws UserError naming array and record */
export async function featuresOf(
  train: PlainArray,
  shapes: DataShapes,
  options: SpecOptions,
  reader: Reader,
): Promise<Features> {
  const { shape, dtype } = shapes.x;
  if (dtype === 'uint8') {
    // An array of this type holds its values as bytes.
    const bytesOf = (array: PlainArray) => numbersOf(array) as Uint8Array;
    const normalized = await pixelNormalization(bytesOf(train), shapes, options, reader);
    return { ...normalized, warnings: [], of: bytesOf };
  }
  const { trained } = reader;
  const width = shape.at(-1)!;
  if (trained) {
    refuseOtherColumns(train, shape, trained.columns);
    const scalings = trained.columns?.features ?? Array.from({ length: width }, () => AS_IT_IS);
    return { ...{ normalisation: trained.normalisation, notes: [], warnings: [] }, of: scaledBy(scalings) };
  }
  const { input } = (await reader.endsOf?.(shapes)) ?? {};
  const choice = choiceOption(options, 'normalize', ['auto', 'standard', 'none'], 'auto');
  const isStandard = choice === 'standard' || (choice === 'auto' && !input);
  const scalings = Array.from({ length: width }, (_, column) =>
    isStandard ? scalingOf(strided(train, column, width)) : AS_IT_IS,
  );
  const notes = [noteOf(isStandard, choice, shape.length, input)];
  const indices = choice === 'auto' && input?.takes === 'indices' ? input : undefined;
  if (shape.length === 1) {
    const columns = scalings.map((scaling, at) => ({ name: nameOf(at), ...scaling }));
    return {
      ...{ normalisation: FED_AS_STORED, columns, notes, warnings: [] },
      of: scaledBy(scalings, indices),
    };
  }
  const normalisation = {
    scale: 1,
    mean: scalings.map(({ mean }) => mean),
    std: scalings.map(({ std }) => std),
  };
  const warnings = scalings.flatMap((scaling, at) => roundingOf(train.title, at, scaling));
  const none = Array.from({ length: width }, () => AS_IT_IS);
  return { normalisation, notes, warnings, of: scaledBy(none, indices) };
}

/** Columns of an array have no names of their own. */
const nameOf = (column: number): string => `x${column}`;

/** What goes by names is not matched by position. */
function refuseOtherColumns(
  { title }: PlainArray,
  shape: readonly number[],
  columns: Columns | undefined,
): void {
  if (!columns?.named) return;
  const names = columns.features.map(({ name }) => name);
  if (names.length === shape[0] && names.every((name, at) => name === nameOf(at))) return;
  throw new UserError(
    `${title} has no names of columns, the model was trained on ${names.slice(0, 4).join(', ')}${names.length > 4 ? ', ...' : ''}: give a table with these names (csv:FILE)`,
    2,
  );
}

function strided(array: PlainArray, from: number, step: number): Float64Array {
  const numbers = numbersOf(array);
  const values = new Float64Array(Math.ceil((numbers.length - from) / step));
  for (let at = 0; at < values.length; at++) {
    const value = numbers[from + at * step]!;
    if (!Number.isFinite(value)) refuse(array, from + at * step, `${value}`, 'is no number to learn from');
    values[at] = value;
  }
  return values;
}

function scaledBy(scalings: readonly Scaling[], indices?: ModelEnds['input'] & { takes: 'indices' }) {
  return (array: PlainArray): Float32Array => {
    const numbers = numbersOf(array);
    const fed = new Float32Array(numbers.length);
    for (let i = 0; i < fed.length; i++) {
      const value = numbers[i]!;
      fed[i] = scaled(value, scalings[i % scalings.length]!);
      if (!Number.isFinite(fed[i]!)) refuse(array, i, `${value}`, 'is no number that float32 can hold');
      if (indices && !(Number.isInteger(value) && value >= 0 && value < indices.below))
        refuse(
          array,
          i,
          `${value}`,
          `is not an index of layer ${indices.layer}, which has 0 to ${indices.below - 1}`,
        );
    }
    return fed;
  };
}

function refuse(array: PlainArray, index: number, value: string, why: string): never {
  const size = recordSizeOf(array);
  throw new UserError(
    `${array.title}, record ${Math.floor(index / size)}, value ${index % size}: ${value} ${why}`,
  );
}

/** Beyond so many deviations from zero, float32 leaves a deviation fewer than a thousand steps. */
const FAR = 2 ** 24 / 1000;

function roundingOf(title: string, at: number, { mean, std }: Scaling): string[] {
  if (Math.abs(mean) < FAR * std) return [];
  return [
    `${title}: along the last axis, column ${at} has mean ${mean} and deviation ${std}, which float32 tells apart badly: subtract the mean before you save it`,
  ];
}

function noteOf(isStandard: boolean, choice: string, axes: number, input: ModelEnds['input']): string {
  if (isStandard) {
    const along = axes > 1 ? ' along the last axis' : '';
    return `features are standardized to mean 0 and deviation 1${along} (normalize=none leaves them as they are)`;
  }
  const why =
    choice === 'auto' && input
      ? `, since layer ${input.layer} takes ${input.takes} (normalize=standard does it all the same)`
      : '';
  return `features are not normalized${why}`;
}
