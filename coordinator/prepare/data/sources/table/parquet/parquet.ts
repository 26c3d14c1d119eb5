/**
 * `parquet:FILE|DIR?label=COLUMN`: a table, or pictures with their classes, as pandas, pyarrow and Hugging Face's
 * `datasets` write them; all files of a folder are one set, or its train and its test part. The options are told in
 * docs/data.md.
 */
import { UserError } from '../../../../../../shared/user-error.js';
import type { DataSource } from '../../../source.js';
import type { SpecOptions } from '../../../spec.js';
import { dataOfPictures, PICTURE_OPTIONS } from '../../pictures/images/data-set.js';
import { dataOfTable, TABLE_OPTIONS } from '../data-set.js';
import { layoutOf } from './file/files.js';

const ALWAYS = ['label', 'test', 'testfile', 'seed', 'normalize', 'features', 'drop'];
const OF_PICTURES = [...PICTURE_OPTIONS, 'image'];

export const parquet: DataSource = {
  scheme: 'parquet',
  usage: 'parquet:FILE?label=COLUMN',
  endings: ['.parquet'],
  options: [...new Set([...TABLE_OPTIONS, ...OF_PICTURES])],
  pathOptions: ['testfile'],
  async open(path, options, reader) {
    if (path === '')
      throw new UserError('--data parquet needs a file or a folder: parquet:FILE?label=COLUMN', 2);
    const { file, testFile, note } = await layoutOf(path, options.get('testfile') !== undefined);
    const name = `parquet:${path}`;
    // Loaded only when they are asked for: a decoder of every compression there is.
    const { findPictures, picturesOf } = await import('./pictures/pictures.js');
    // A model of a table reads tables.
    const pictures = reader.trained?.columns ? undefined : await findPictures(file, options);
    if (pictures) {
      refuseOthers(file, options, [...ALWAYS, ...OF_PICTURES], 'tables, and this file holds pictures');
      const set = await picturesOf(path, { file, testFile: options.get('testfile') ?? testFile }, pictures);
      const data = await dataOfPictures({ name, ...set }, options, reader);
      return { ...data, notes: [...(note ? [note] : []), ...(data.notes ?? [])] };
    }
    refuseOthers(file, options, TABLE_OPTIONS, 'pictures, and this file holds none');
    const { readParquet } = await import('./read.js');
    const data = await dataOfTable('parquet', readParquet, file, options, reader, testFile);
    return { ...data, name, notes: [...(note ? [note] : []), ...(data.notes ?? [])] };
  },
};

/** @throws UserError for an option that would not be heeded */
function refuseOthers(file: string, options: SpecOptions, known: readonly string[], why: string): void {
  const other = options.names().find((name) => !known.includes(name));
  if (other) throw new UserError(`${file}: --data option ${other} is for ${why}`, 2);
}
