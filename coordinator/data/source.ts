/** What a data source gives: records of one shape, for training and for testing. */
import type { LabelKind, Normalisation, RecordArray, TensorSpec } from '../../shared/manifest.js';

export interface Records {
  count: number;
  /** All records' x, one after the other. */
  x: RecordArray;
  y: RecordArray;
}

export interface DataSet {
  name: string;
  x: TensorSpec;
  y: TensorSpec;
  label: LabelKind;
  normalisation: Normalisation;
  train: Records;
  test: Records;
}

export interface DataSource {
  /** What stands before the colon of `--data`. */
  scheme: string;
  /** Those of its options that are paths. */
  pathOptions?: readonly string[];
  /**
   * @param rest what stands between the colon and the question mark: a path, mostly
   * @param query what follows the question mark
   * @throws UserError naming what is wrong with the data, and what to do
   */
  open(rest: string, query: URLSearchParams): Promise<DataSet>;
}
