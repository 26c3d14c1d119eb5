/**
 * `parquet:FILE|DIR?label=COLUMN`: a table as pandas, pyarrow and Hugging Face's `datasets` write it; all files of a
 * folder are one table, or its train and its test part. The options are told in docs/data.md.
 */
import { UserError } from '../../../../../../shared/user-error.js';
import type { DataSource } from '../../../source.js';
import { dataOfTable, TABLE_OPTIONS } from '../data-set.js';
import { layoutOf } from './files.js';

export const parquet: DataSource = {
  scheme: 'parquet',
  usage: 'parquet:FILE?label=COLUMN',
  endings: ['.parquet'],
  options: [...TABLE_OPTIONS],
  pathOptions: ['testfile'],
  async open(path, options, reader) {
    if (path === '')
      throw new UserError('--data parquet needs a file or a folder: parquet:FILE?label=COLUMN', 2);
    const { file, testFile, note } = await layoutOf(path, options.get('testfile') !== undefined);
    // Loaded only when it is asked for: a decoder of every compression there is.
    const { readParquet } = await import('./read.js');
    const data = await dataOfTable('parquet', readParquet, file, options, reader, testFile);
    return { ...data, name: `parquet:${path}`, notes: [...(note ? [note] : []), ...(data.notes ?? [])] };
  },
};
