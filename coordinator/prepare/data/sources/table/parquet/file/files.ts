/** The files of a Parquet table: one, those of a folder, or those that a `*` in a name stands for. */
import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../../../../../../../shared/user-error.js';
import { listFolder, unreadable } from '../../../../files/files.js';

const ENDING = /\.parquet$/i;

/** In the order of their names. @throws UserError where there are none */
export async function parquetFiles(path: string): Promise<string[]> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' && basename(path).includes('*')) return undefined;
      throw unreadable(path, error);
    },
  );
  if (isFolder === false) return [path];
  const folder = isFolder ? path : dirname(path);
  const pattern = isFolder ? ENDING : patternOf(basename(path));
  const found = (await listFolder(folder)).filter((name) => pattern.test(name));
  if (found.length > 0) return found.map((name) => join(folder, name));
  throw new UserError(`${path}: no file whose name ends in .parquet: check the path of --data`);
}

const patternOf = (name: string): RegExp =>
  new RegExp(
    `^${name
      .split('*')
      .map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'))
      .join('.*')}$`,
  );

/** Parts as Hugging Face's hub calls them: `train-00000-of-00002.parquet`. */
const PART = /^(train|test|validation|valid|val|dev)(?=[-_.])/i;

export interface Layout {
  file: string;
  /** Undefined: the options say what is for testing. */
  testFile?: string;
  note?: string;
}

/**
 * A folder with files of a train and of a test part is these two, and any other is one table.
 * @throws UserError for parts of which none is for testing
 */
export async function layoutOf(path: string, hasTestFile: boolean): Promise<Layout> {
  const files = await parquetFiles(path);
  if (files.length === 1 && files[0] === path) return { file: path };
  const names = files.map((file) => basename(file));
  const parts = new Set(names.map((name) => PART.exec(name)?.[1]?.toLowerCase()));
  const isPattern = basename(path).includes('*');
  if (isPattern || parts.size < 2) return { file: path };
  const pathOf = (part: string) => join(path, `${part}*.parquet`);
  if (!hasTestFile && parts.has('train') && parts.has('test')) {
    const others = names.filter((name) => !/^(train|test)[-_.]/i.test(name));
    const note = `${path}: left out ${others.join(', ')}, which is of neither the train nor the test part`;
    return { file: pathOf('train'), testFile: pathOf('test'), ...(others.length > 0 ? { note } : {}) };
  }
  throw new UserError(
    `${path} holds several parts (${[...parts].map((part) => part ?? 'files without one').join(', ')}): name those to train and to test on, as parquet:${pathOf('train')}?testfile=${pathOf('validation')}`,
    2,
  );
}
