/** The pictures of Parquet files, as the set that folders of pictures would be. */
import { basename, dirname, relative } from 'node:path';
import type { SpecOptions } from '../../../../spec.js';
import type { PictureSet } from '../../../pictures/images/data-set.js';
import { parquetFiles } from '../file/files.js';
import { opened } from '../file/open.js';
import { type PictureColumns, pictureColumnsOf } from './columns.js';
import { PictureRows } from './rows.js';

/** Undefined where `file` is a table. @throws UserError */
export async function findPictures(file: string, options: SpecOptions): Promise<PictureColumns | undefined> {
  const [first] = await parquetFiles(file);
  const { metadata } = await opened(first!);
  return pictureColumnsOf(first!, metadata, options);
}

/** @throws UserError */
export async function picturesOf(
  path: string,
  { file, testFile }: { file: string; testFile: string | undefined },
  columns: PictureColumns,
): Promise<Omit<PictureSet, 'name'>> {
  const root = testFile === undefined || file !== path ? path : dirname(path);
  const rows = new PictureRows(root, columns);
  const entriesOf = async (of: string) => rows.add(await parquetFiles(of));
  const part = async (of: string) => ({
    folder: dirname(of) === root ? basename(of) : relative(root, of),
    entries: await entriesOf(of),
  });
  const parts =
    testFile === undefined
      ? { drawn: await entriesOf(file) }
      : { train: await part(file), test: await part(testFile) };
  const { image, label, classes, others } = columns;
  const left = others.length > 0 ? `; left out ${others.join(', ')}` : '';
  return {
    tree: rows.tree(),
    layout: {
      parts,
      ...(classes ? { classes } : {}),
      notes: [`${file}: pictures of column ${image}, their classes by column ${label}${left}`],
      warnings: [],
    },
  };
}
