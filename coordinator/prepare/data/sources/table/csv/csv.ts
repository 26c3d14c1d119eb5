/**
 * `csv:FILE?label=COLUMN&test=FRACTION`: a table as text, gzip or not. The options are told in docs/data.md. Features
 * are numbers, or categories where that is asked for; the label may be text.
 */
import { UserError } from '../../../../../../shared/user-error.js';
import type { DataSource } from '../../../source.js';
import { dataOfTable, TABLE_OPTIONS } from '../data-set.js';
import { refuseUndivided } from '../labels/several.js';
import { readCsv } from './read.js';

export const csv: DataSource = {
  scheme: 'csv',
  usage: 'csv:FILE?label=COLUMN',
  endings: ['.csv', '.tsv'],
  options: [...TABLE_OPTIONS, 'header', 'skip', 'delimiter', 'decimal', 'encoding'],
  pathOptions: ['testfile'],
  async open(file, options, reader) {
    if (file === '') throw new UserError('--data csv needs a file: csv:FILE?label=COLUMN', 2);
    refuseUndivided(options, reader);
    return dataOfTable('csv', readCsv, file, options, reader);
  },
};
