/**
 * Records of models with several inputs or outputs. Storage, chunks, leases and messages know one `x` and one `y`; that
 * these consist of named parts is known to who makes them and to the engines, which cut them apart.
 */
import { sizeOf } from '../numerics/shape.js';
import type { InputPart, Manifest, NamedParts, OutputPart, RecordArray } from './manifest.js';

/** Where a part stands among the values of a record. */
export interface Place {
  from: number;
  size: number;
}

/** @returns the place of each part, one behind the other */
export function partPlaces(parts: readonly Pick<InputPart | OutputPart, 'shape'>[]): Place[] {
  let from = 0;
  return parts.map(({ shape }) => {
    const place = { from, size: sizeOf(shape) };
    from += place.size;
    return place;
  });
}

/** The values of one part of all records, record by record. */
export function valuesOfPart<A extends RecordArray>(values: A, count: number, { from, size }: Place): A {
  const each = values.length / Math.max(1, count);
  const own = new (values.constructor as new (length: number) => A)(count * size);
  for (let record = 0; record < count; record++)
    own.set(values.subarray(record * each + from, record * each + from + size), record * size);
  return own;
}

/** The targets of the first output: what evaluations count right classes by. */
export function firstTargets({ named }: Pick<Manifest, 'named'>, count: number, y: RecordArray): RecordArray {
  if (!named || named.outputs.length === 1) return y;
  return valuesOfPart(y, count, partPlaces(named.outputs)[0]!);
}

/** @returns the parts in the order of `names`; @throws Error if they are others */
export function inOrderOf<P extends { name: string }>(
  names: readonly string[],
  parts: readonly P[],
): { part: P; at: number }[] {
  const ordered = names.map((name) => {
    const at = parts.findIndex((part) => part.name === name);
    return { part: parts[at]!, at };
  });
  if (names.length === parts.length && ordered.every(({ at }) => at >= 0)) return ordered;
  throw new Error(`the records have ${parts.map(({ name }) => name)}, the model ${names}`);
}

/** Whether a model of these records has several outputs. */
export const hasSeveralOutputs = (named: NamedParts | undefined): named is NamedParts =>
  named !== undefined && named.outputs.length > 1;
