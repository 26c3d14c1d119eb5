/**
 * `module:FILE?KEY=VALUE`, and FILE.mjs or FILE.js alone: data of one's own program. The default export of FILE is a
 * function of the options behind the question mark, which returns an `OwnDataSet`, or a promise of one.
 */
import { basename } from 'node:path';
import { UserError } from '../../../../../shared/user-error.js';
import { defaultExportOf, explained } from '../../../module/default-export.js';
import type { DataSource } from '../../source.js';
import type { SpecOptions } from '../../spec.js';
import { readOwnData } from './open-own.js';
import { shown } from './values.js';

type Query = Record<string, string>;

export const ownModule: DataSource = {
  scheme: 'module',
  usage: 'module:FILE.mjs?KEY=VALUE',
  endings: ['.mjs', '.js'],
  options: 'any',
  isRun: true,
  async open(file, options, reader) {
    if (file === '') throw new UserError('--data module needs a file: module:FILE.mjs', 2);
    const make = await loaded(file);
    // Generators throw while they are read.
    const given = await explained(file, async () =>
      readOwnData(await make(queryOf(options)), `${basename(file)}: `),
    );
    return { ...(await given.open(reader)), name: `module:${file}` };
  },
};

/** @throws UserError where there is no such module, or it exports no function */
async function loaded(file: string): Promise<(query: Query) => unknown> {
  const make = await defaultExportOf('--data', file);
  if (typeof make === 'function') return make as (query: Query) => unknown;
  throw new UserError(
    `${file} must export a function as its default, which returns the data set: export default (query) => ({ train: { x, y }, ... }), not ${shown(make)}`,
  );
}

const queryOf = (options: SpecOptions): Query =>
  Object.fromEntries(options.names().map((name) => [name, options.get(name) ?? '']));
