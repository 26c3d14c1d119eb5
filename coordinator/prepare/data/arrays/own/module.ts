/**
 * `module:FILE?KEY=VALUE`, and FILE.mjs or FILE.js alone: data of one's own program. The default export of FILE is a
 * function of the options behind the question mark, which returns an `OwnDataSet`, or a promise of one.
 */
import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf, UserError } from '../../../../../shared/user-error.js';
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
  const path = resolve(file);
  const { mtimeMs } = await stat(path).catch(() => {
    throw new UserError(`${file} is missing: check the path of --data`, 2);
  });
  // Modules are loaded once by their address: a file that has changed has another.
  const address = `${pathToFileURL(path)}?${mtimeMs}`;
  const { default: make } = await explained(file, () => import(/* @vite-ignore */ address));
  if (typeof make === 'function') return make;
  throw new UserError(
    `${file} must export a function as its default, which returns the data set: export default (query) => ({ train: { x, y }, ... }), not ${shown(make)}`,
  );
}

/** @throws UserError that names the file, with the module's own error as its cause */
async function explained<T>(file: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${file} has thrown: ${messageOf(error)} (--verbose shows where)`, 1, {
      cause: error,
    });
  }
}

const queryOf = (options: SpecOptions): Query =>
  Object.fromEntries(options.names().map((name) => [name, options.get(name) ?? '']));
