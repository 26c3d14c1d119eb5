/** What is asked of a reader of tables, and what it gives: the kinds of files differ in nothing else. */
import type { SpecOptions } from '../../../spec.js';
import type { Head, Table } from '../cells/table.js';

export interface Picked {
  /** -1 where nothing is to be learned: then there may be none. */
  label: number;
  /** Columns of 0 and 1 for several classes at once; the first is `label`. */
  labels?: number[];
  /** Column numbers in the order of a record's values. */
  features: number[];
  /** What a training row counts. */
  weight?: number;
}

/** A row may have any number of classes at once. */
export interface Several {
  /** Between the classes of a list, where that is told. */
  separator: string | undefined;
}

export const labelColumnsOf = ({ label, labels }: Pick<Picked, 'label' | 'labels'>): number[] =>
  labels ?? [label];

export interface TableRequest {
  file: string;
  /** What is in the file, unpacked, where that is in memory already. */
  bytes?: Uint8Array;
  options: SpecOptions;
  /** Whether the label is a number. */
  isRegression: boolean;
  /** The column of texts that are read as they are, and of lists of tokens, where there is one. */
  text?: string;
  /** Whether a row may have several classes at once, and how they are told. */
  several?: Several | undefined;
  /** Names of columns that are known from elsewhere, by which a header is recognized. */
  known: readonly string[];
  /** Chooses the columns; called once, as soon as they are known. @throws UserError */
  pick(head: Head): Picked;
}

export interface ReadTable {
  table: Table;
  picked: Picked;
}

/** @throws UserError naming the file, the place in it, and the remedy */
export type TableReader = (request: TableRequest) => Promise<ReadTable>;
