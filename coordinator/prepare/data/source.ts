/** What a data source gives: records of one shape, for training and for testing. */
import type {
  Columns,
  LabelKind,
  Manifest,
  NamedParts,
  Normalization,
  RecordArray,
  RecordFormat,
  TensorSpec,
  Tokens,
} from '../../../shared/data/manifest.js';
import type { SpecOptions } from './spec.js';

/** Where objects are read from, by the SHA-256 of their bytes. */
export interface Objects {
  /** @throws UserError where one that is known cannot be read */
  get(sha256: string): Buffer | undefined;
}

export interface Records {
  count: number;
  /** All records' x, one after the other. */
  x: RecordArray;
  y: RecordArray;
  /** What each record counts; used of training records alone. */
  weight?: Float32Array;
}

export interface DataSet {
  name: string;
  x: TensorSpec;
  y: TensorSpec;
  label: LabelKind;
  /** Of a model with several inputs or outputs: as in the manifest. */
  named?: NamedParts;
  columns?: Columns;
  /** Records of varying length: texts. The records of each part stand in the order of their lengths. */
  tokens?: Tokens;
  normalisation: Normalization;
  train: Records;
  test: Records;
  /** Where records are chunks of objects already: to be read from there, since `train` and `test` read all at once. */
  stored?: { train: Manifest; test: Manifest; objects: Objects } | undefined;
  /** A part of its own, or taken from the training records, which are those that are left: split/validation.ts. */
  validation?: Records;
  /** Training records follow each other, and each shares values with so many after it. */
  sequence?: { overlap: number };
  /** What the two parts are, in words: which file, how many of how many rows. */
  parts?: { train: string; test: string };
  /** How the data were read, in words: what their owner may not expect. */
  notes?: string[];
  /** The same, where it is likely to be wrong. */
  warnings?: string[];
  /** Classes that the model does not know; their records are left out. Only for data read for a model. */
  unknownClasses?: { train: UnknownClass[]; test: UnknownClass[]; validation?: UnknownClass[] };
}

export interface UnknownClass {
  name: string;
  records: number;
}

export type DataShapes = Pick<DataSet, 'x' | 'y' | 'label' | 'named' | 'tokens'>;

export interface EndNames {
  inputs: string[];
  outputs: string[];
}

/** Which of several inputs or outputs is meant, by its name. */
export interface PartOfModel {
  input?: string;
  output?: string;
}

/** What of a model decides how its data are to be scaled; of several inputs or outputs, how those of one are. */
export interface ModelEnds {
  /** A layer right behind the input for which values must stay what they are. */
  input?:
    | { layer: string; takes: 'indices'; below: number }
    | { layer: string; takes: 'a mask' | 'values as they are' };
  /** The last layer, where it does not reach every number, or is not to be fed back standardized ones. */
  output?: { layer: string; why: string; range?: [least: number, greatest: number] };
}

/** The model that data are read for. */
export interface Reader {
  /** The names of its inputs and outputs, where it says so without being built. @throws UserError */
  namesOf?(): Promise<EndNames | undefined>;
  /** Asked once the shapes are known. @throws UserError where there is no such model */
  endsOf?(shapes: DataShapes, part?: PartOfModel): Promise<ModelEnds>;
  /** The records that a model was trained on: these are made in the same way, columns and classes by name. */
  trained?: RecordFormat;
  /** `--max-length`: tokens of a text. */
  maxLength?: number | undefined;
  /** Hears what is being done, at least every other second where reading takes longer than that. */
  preparing?(what: string): void;
}

/** Data that a program has given, in place of a spec. */
export interface GivenData {
  /** Stands where a spec would: `own:` and the SHA-256 of what was given. */
  name: string;
  /** @throws UserError */
  open(reader: Reader): Promise<DataSet>;
}

export interface DataSource {
  /** What stands before the colon of `--data`. */
  scheme: string;
  /** How it is asked for, as the help of `--data` shows it. */
  usage: string;
  options: readonly string[] | 'any';
  /** How names of its files end, lower case: `--data FILE` alone means this source. */
  endings?: readonly string[];
  /** Those of its options that are paths. */
  pathOptions?: readonly string[];
  /**
   * Where `path` is a folder: fetches what it would hold, where an address stands in its place.
   * @param fetch fetches the first of some names that the server has; whether it may have none of them
   * @param dir where copies come to lie
   */
  fetchFolder?(
    fetch: (names: readonly string[], isOptional?: boolean) => Promise<string | undefined>,
    dir: string,
  ): Promise<void>;
  /** Whether its file is a program, which is run. */
  isRun?: true;
  /**
   * @param path what stands between the colon and the question mark
   * @throws UserError naming what is wrong with the data, and what to do
   */
  open(path: string, options: SpecOptions, reader: Reader): Promise<DataSet>;
}
