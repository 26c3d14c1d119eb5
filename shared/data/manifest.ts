/**
 * What a worker must know of a data set: the shape of a record, how the engine reads it, and the
 * immutable chunks that hold the records. Training and test sets are separate manifests.
 */
import { sizeOf } from '../numerics/shape.js';

export type Dtype = 'uint8' | 'int32' | 'float32';

export interface TensorSpec {
  /** Shape of one record's part, without the batch dimension. `[]` for a scalar. */
  shape: number[];
  dtype: Dtype;
}

/** The engine feeds `(value * scale - mean) / std` to the model; one mean and std, or one per last axis. */
export interface Normalization {
  scale: number;
  mean: number[];
  std: number[];
}

/** A value v of the user's data stands in a record as (v - mean) / std, computed in float64. */
export interface Scaling {
  mean: number;
  std: number;
}

/** A column that is left as it is. */
export const AS_IT_IS: Scaling = { mean: 0, std: 1 };

/**
 * What the label is: the index of a class, or a number to be predicted (regression), as `scaling` says. With a
 * `y` of shape [T] there is a class for each of T positions, as in text; loss and metric of a sample are means
 * over them. `multilabel`: any number of the classes at once, a `y` of shape [classes] with 1 for those that are there
 * and 0 for the others.
 */
export type LabelKind =
  | { kind: 'class'; classes: number; names?: string[] }
  | { kind: 'multilabel'; classes: number; names?: string[] }
  | { kind: 'value'; scaling?: Scaling };

/** Whether a label may stand in a record. */
export function isLabel(label: LabelKind, value: number): boolean {
  if (label.kind === 'value') return Number.isFinite(value);
  return Number.isInteger(value) && value >= 0 && value < (label.kind === 'class' ? label.classes : 2);
}

/** One value of a record that comes from a table. */
export interface Feature extends Scaling {
  /** Of its column; of one of several that a column of texts became: `color=red`. */
  name: string;
  /** The column that it is 1 or 0 for, and the text for which it is 1. */
  column?: string;
  value?: string;
  /** Stands where the table has nothing, before it is scaled. */
  fill?: number;
}

/** The columns of the label: those of 0 and 1 have the names of their classes. */
export const labelColumns = ({ columns, label }: { columns: Columns; label: LabelKind }): string[] =>
  label.kind === 'multilabel' && columns.separator === undefined ? label.names! : [columns.label];

/** The column of the table that a feature comes from. */
export const sourceOf = ({ name, column }: Pick<Feature, 'name' | 'column'>): string => column ?? name;

/** The table columns that a record's `x` and `y` come from. */
export interface Columns {
  /** Whether the names are those of a header; without one, columns are called by their numbers. */
  named: boolean;
  /** Of the label; several, one of 0 and 1 for each class, are joined by `, `. */
  label: string;
  /** Stands between the classes in the column of the label, where it holds lists of them. */
  separator?: string;
  /** Features in the order of `x`. */
  features: Feature[];
  /** `zeros`: a text that no feature is for leaves all features of its column 0. Absent: it is refused. */
  unknown?: 'zeros';
}

/** What tokens a text is cut into. */
export type TokenUnit = 'words' | 'characters';

/**
 * Records of varying length: `x` holds the numbers of a text's tokens, and behind the last of them padding, 0, up to the
 * length in `x.shape`. Records lie in the order of their lengths. Engines are fed no more positions than the longest
 * record at hand needs, rounded up to a bucket, so that what is computed does not depend on `x.shape`.
 */
export interface Tokens {
  unit: TokenUnit;
  /** Token number i + 2 is entry i; 0 is padding, and 1 stands for all that is not in here. */
  vocabulary: string[];
  /** Lengths in which engines compute, ascending: the last is that of the longest record. */
  buckets: number[];
  /** The table columns that texts and labels come from; absent where the data are no table. */
  columns?: { named: boolean; text: string; label: string };
}

export const PADDING = 0;
export const UNKNOWN_TOKEN = 1;
/** Number of the vocabulary's first token. */
export const FIRST_TOKEN = 2;

/** @returns how many numbers tokens have, padding and what is unknown among them */
export const tokenNumbers = ({ vocabulary }: Pick<Tokens, 'vocabulary'>): number =>
  vocabulary.length + FIRST_TOKEN;

/** @returns by how much the mean absolute error of scaled targets is too small; 1 for classes */
export const metricUnitOf = (label: LabelKind): number =>
  label.kind === 'value' ? (label.scaling?.std ?? 1) : 1;

export interface ChunkRef {
  /** SHA-256 of the chunk's bytes, lower-case hexadecimal. Also its address: `/objects/<sha256>`. */
  sha256: string;
  records: number;
  bytes: number;
}

/** One of several inputs of a model: its values stand in each record's `x`, in the order of the parts. */
export interface InputPart {
  /** Of the model's input. */
  name: string;
  shape: number[];
  normalisation: Normalization;
  /** What the user's values were standardized by before they were stored, along the last axis; absent: they were not. */
  scalings?: Scaling[];
}

/** One of several outputs of a model: its targets stand in each record's `y`, in the order of the parts. */
export interface OutputPart {
  /** Of the model's output. */
  name: string;
  /** Of one record's target: `[]` for a class. */
  shape: number[];
  label: LabelKind;
}

/** What a record's `x` and `y` consist of, for a model of several inputs or outputs. */
export interface NamedParts {
  inputs: InputPart[];
  outputs: OutputPart[];
}

export interface Manifest {
  /** 2 where it has what workers of the first version would leave out: named parts, tokens. */
  format: 1 | 2;
  name: string;
  split: 'train' | 'test';
  records: number;
  /** A record is the bytes of x followed by the bytes of y, little-endian; and of its weight, where there is one. */
  x: TensorSpec;
  y: TensorSpec;
  /** Of several outputs: that of the first. */
  label: LabelKind;
  /**
   * Absent for a model of one input and one output. The `x` of several inputs is one flat vector, and `normalisation`
   * leaves it as it is; so is the `y` of several outputs.
   */
  named?: NamedParts;
  /** Whether each record says what it counts in training: a float32 behind its y. */
  weighted?: true;
  /** Absent where the data are no table. */
  columns?: Columns;
  /** Absent where all records have one length. */
  tokens?: Tokens;
  normalisation: Normalization;
  /** Records in every chunk but the last, which may hold fewer. */
  recordsPerChunk: number;
  chunks: ChunkRef[];
}

/** How records look and are read, without the records: what a model trained on them must know of others. */
export type RecordFormat = Pick<
  Manifest,
  'x' | 'y' | 'label' | 'named' | 'columns' | 'tokens' | 'normalisation'
>;

/** What engines must know of the records that they are given. */
export type FedRecords = Pick<
  Manifest,
  'x' | 'y' | 'weighted' | 'label' | 'named' | 'tokens' | 'normalisation'
>;

/** What `x` and `y` of several records look like side by side, in record order. */
export type RecordArray = Uint8Array | Int32Array | Float32Array;

export const BYTES_PER_ELEMENT: Record<Dtype, number> = { uint8: 1, int32: 4, float32: 4 };

export const elementsOf = ({ shape }: TensorSpec): number => sizeOf(shape);

/** Bytes of what a record counts, a float32. */
export const WEIGHT_BYTES = 4;

export function recordBytes(manifest: Pick<Manifest, 'x' | 'y' | 'weighted'>): number {
  return (
    elementsOf(manifest.x) * BYTES_PER_ELEMENT[manifest.x.dtype] +
    elementsOf(manifest.y) * BYTES_PER_ELEMENT[manifest.y.dtype] +
    (manifest.weighted ? WEIGHT_BYTES : 0)
  );
}

export function newRecordArray(dtype: Dtype, length: number): RecordArray {
  switch (dtype) {
    case 'uint8':
      return new Uint8Array(length);
    case 'int32':
      return new Int32Array(length);
    case 'float32':
      return new Float32Array(length);
  }
}

/** The little-endian bytes of records as the array that their dtype asks for: a view, `bytes` must be aligned. */
export function recordArrayOf(dtype: Dtype, { buffer, byteOffset, byteLength }: Uint8Array): RecordArray {
  const length = byteLength / BYTES_PER_ELEMENT[dtype];
  switch (dtype) {
    case 'uint8':
      return new Uint8Array(buffer, byteOffset, length);
    case 'int32':
      return new Int32Array(buffer, byteOffset, length);
    case 'float32':
      return new Float32Array(buffer, byteOffset, length);
  }
}

/** @param a,b of one dtype */
export function concatenated(a: RecordArray, b: RecordArray): RecordArray {
  const both = new (a.constructor as new (length: number) => RecordArray)(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
