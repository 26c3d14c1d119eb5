import type { RecordArray } from '../../../shared/data/manifest.js';

/** Records to predict. */
export interface UnlabeledRecords {
  count: number;
  /** As engines are fed: scaled as the training's records were. */
  x: RecordArray;
  /** The number of each record in its file, from 1; a header is none. */
  rows: readonly number[];
  notes: string[];
}
