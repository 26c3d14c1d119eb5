/**
 * `jsonl:FILE?label=KEY`: a table as JSON Lines, one object a line, gzip or not. Keys have no order to go by, so the
 * label is named. The options are told in docs/data.md.
 */
import { UserError } from '../../../../../../shared/user-error.js';
import type { DataSource } from '../../../source.js';
import { dataOfTable, TABLE_OPTIONS } from '../data-set.js';
import { readJsonl } from './read.js';

export const jsonl: DataSource = {
  scheme: 'jsonl',
  usage: 'jsonl:FILE?label=KEY',
  endings: ['.jsonl', '.ndjson'],
  options: [...TABLE_OPTIONS, 'encoding'],
  pathOptions: ['testfile'],
  async open(file, options, reader) {
    if (
      file === '' ||
      (options.get('label') === undefined && !reader.trained?.columns && !reader.trained?.tokens?.columns)
    )
      throw new UserError('--data jsonl needs a file and its label: jsonl:FILE?label=KEY', 2);
    return dataOfTable('jsonl', readJsonl, file, options, reader);
  },
};
