/**
 * Rows of a table as tensors of several axes, by `shape=28x28x1`. Where all values are bytes and the shape is one of
 * pictures they are pixels, stored as bytes; else they are numbers. Either way engines scale them, along the last axis.
 */
import {
  AS_IT_IS,
  type Feature,
  type Normalization,
  type RecordArray,
  type TensorSpec,
} from '../../../../../../shared/data/manifest.js';
import { sizeOf } from '../../../../../../shared/numerics/shape.js';
import { UserError } from '../../../../../../shared/user-error.js';
import { featuresOf as arrayFeaturesOf, shapeOf } from '../../../arrays/features.js';
import { pixelNormalization } from '../../../scaling/normalization.js';
import type { DataShapes, Reader } from '../../../source.js';
import type { SpecOptions } from '../../../spec.js';
import { cellPlace } from '../cells/table.js';
import type { Part } from '../picking/parts.js';
import { type Encoding, featuresOf } from './encoding.js';
import { eachFeature, scaledRecords } from './records.js';

/** @throws UserError for a shape of another size, or values that are no pixels where the model takes some */
export function recordSpecOf(
  file: string,
  parts: readonly Part[],
  encoding: Encoding,
  options: SpecOptions,
  { trained }: Reader,
): TensorSpec {
  const size = featuresOf(encoding.codes).length;
  const given = options.get('shape');
  const ofModel = trained && sizeOf(trained.x.shape) === size ? trained.x.shape : [size];
  const shape = given === undefined ? ofModel : shapeOf(given);
  if (sizeOf(shape) !== size)
    throw new UserError(
      `--data option shape=${given} has ${sizeOf(shape)} values a record, ${file} has ${size} columns beside the label`,
      2,
    );
  const wanted = trained?.x.dtype;
  if (shape.length !== 3 || wanted === 'float32') return { shape, dtype: 'float32' };
  const other = parts.map((part) => firstNoByte(part, encoding)).find((found) => found !== undefined);
  if (other === undefined) return { shape, dtype: 'uint8' };
  if (wanted !== 'uint8') return { shape, dtype: 'float32' };
  throw new UserError(`${other} is no pixel, and the model takes some: whole numbers from 0 to 255`);
}

function firstNoByte(part: Part, encoding: Encoding): string | undefined {
  let first: string | undefined;
  eachFeature(part, encoding, (_, values, column) => {
    const record = first === undefined ? values.findIndex((value) => (value & 0xff) !== value) : -1;
    if (record >= 0) first = `${cellPlace(part.table, part.rows[record]!, column)}: ${values[record]}`;
  });
  return first;
}

export interface Shaped {
  normalisation: Normalization;
  notes: string[];
  warnings: string[];
  of(part: Part): RecordArray;
}

/** @param train the training rows alone decide how all are scaled. @throws UserError */
export async function shapedFeatures(
  train: Part,
  shapes: DataShapes,
  encoding: Encoding,
  options: SpecOptions,
  reader: Reader,
): Promise<Shaped> {
  if (shapes.x.dtype === 'uint8') {
    const of = (part: Part) => bytesOf(part, encoding);
    const pixels = await pixelNormalization(of(train), shapes, options, reader);
    const text = `all values are whole numbers from 0 to 255: pixels of pictures [${shapes.x.shape}]`;
    return { ...pixels, notes: reader.trained ? [] : [text, ...pixels.notes], warnings: [], of };
  }
  const of = (part: Part) => scaledRecords(part, encoding, unscaled(encoding));
  if (reader.trained)
    return { ...{ normalisation: reader.trained.normalisation, notes: [], warnings: [] }, of };
  const array = {
    title: train.table.file,
    shape: [train.rows.length, ...shapes.x.shape],
    ...{ dtype: 'float64', kind: 'float' as const, values: numbersOf(train, encoding) },
  };
  const { normalisation, notes, warnings } = await arrayFeaturesOf(array, shapes, options, reader);
  return { normalisation, notes, warnings, of };
}

/** Features that stay as they are, in the order of a record's values. */
export const unscaled = ({ codes }: Encoding): Feature[] =>
  featuresOf(codes).map((feature) => ({ ...feature, ...AS_IT_IS }));

function bytesOf(part: Part, encoding: Encoding): Uint8Array {
  return laidOut(part, encoding, (length) => new Uint8Array(length));
}

const numbersOf = (part: Part, encoding: Encoding): Float64Array =>
  laidOut(part, encoding, (length) => new Float64Array(length));

/** Record by record. */
function laidOut<A extends Uint8Array | Float64Array>(
  part: Part,
  encoding: Encoding,
  create: (length: number) => A,
): A {
  const width = featuresOf(encoding.codes).length;
  const all = create(part.rows.length * width);
  eachFeature(part, encoding, (at, values) => {
    for (let record = 0; record < values.length; record++) all[record * width + at] = values[record]!;
  });
  return all;
}
