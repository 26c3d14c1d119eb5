/** Pictures in the rows of Parquet files: whose class each is, and its bytes, a group of rows after the other. */
import { UserError } from '../../../../../../../shared/user-error.js';
import type { Entry } from '../../../pictures/images/layout.js';
import type { Tree } from '../../../pictures/images/tree.js';
import { classNameOf } from '../../cells/number-field.js';
import { type RowGroup, readColumn, rowGroupsOf } from '../file/column.js';
import { opened } from '../file/open.js';
import type { PictureColumns } from './columns.js';

/** Pictures are decoded side by side: those of two groups may be in work. */
const GROUPS_HELD = 2;

/** Rows of several files, each with the path by which it is asked for. */
export class PictureRows {
  private readonly rows = new Map<string, { group: RowGroup; row: number }>();
  private readonly held = new Map<RowGroup, Promise<unknown[]>>();

  constructor(
    private readonly root: string,
    private readonly columns: PictureColumns,
  ) {}

  /** Reads the labels of some files. @throws UserError naming the first row without one */
  async add(files: readonly string[]): Promise<Entry[]> {
    const entries: Entry[] = [];
    // A file may be asked for twice, and is then read twice.
    const part = this.rows.size;
    for (const file of files) {
      const { source, metadata } = await opened(file);
      for (const group of rowGroupsOf(file, source, metadata)) {
        const labels = await valuesOf(group, this.columns.label);
        for (const [row, label] of labels.entries()) {
          const path = `${file}\0${group.rowStart + row}\0${part}`;
          this.rows.set(path, { group, row });
          entries.push({ path, name: this.nameOf(label, titleOf(path)) });
        }
      }
    }
    return entries;
  }

  tree(): Pick<Tree, 'root' | 'titleOf' | 'contents'> {
    const { rows, columns } = this;
    const read = async (path: string): Promise<Uint8Array> => {
      const { group, row } = rows.get(path)!;
      const value = (await this.pictures(group))[row];
      return bytesOf(value, columns);
    };
    return {
      root: this.root,
      titleOf,
      *contents(wanted) {
        // In the order of the files: each group of rows is read once.
        for (const path of rows.keys()) if (wanted.has(path)) yield { path, read: () => read(path) };
      },
    };
  }

  /** Values of the pictures of a group. */
  private pictures(group: RowGroup): Promise<unknown[]> {
    const known = this.held.get(group);
    if (known) return known;
    const values = valuesOf(group, this.columns.image);
    this.held.set(group, values);
    for (const each of this.held.keys()) if (this.held.size > GROUPS_HELD) this.held.delete(each);
    return values;
  }

  private nameOf(label: unknown, title: string): string {
    const { label: column, classes } = this.columns;
    const where = `${title}, column ${column}`;
    const isMissing =
      label === null || label === undefined || (classes !== undefined && Number(label) === -1);
    if (isMissing) throw new UserError(`${where}: no class: leave the row out of the file, or give it one`);
    if (typeof label === 'object')
      throw new UserError(
        `${where}: a value of several parts is no class: label=COLUMN gives another column`,
      );
    if (!classes) return classNameOf(String(label), 'point');
    const name = classes[Number(label)];
    if (name !== undefined) return name;
    throw new UserError(`${where}: ${label} is no class of ${classes.length}`);
  }
}

async function valuesOf(group: RowGroup, name: string): Promise<unknown[]> {
  const values: unknown[] = [];
  await readColumn(group, name, (value) => values.push(value));
  return values;
}

/** @throws Error in words that follow the name of the row */
function bytesOf(value: unknown, { isStruct }: PictureColumns): Uint8Array {
  const { bytes, path } = (isStruct ? (value ?? {}) : { bytes: value }) as {
    bytes?: unknown;
    path?: unknown;
  };
  if (bytes instanceof Uint8Array) return bytes;
  throw new Error(
    typeof path === 'string'
      ? `its bytes are not in the file, which only names ${path}: embed the pictures`
      : 'there is none in this row',
  );
}

function titleOf(path: string): string {
  const [file, row] = path.split('\0');
  return `${file}, row ${Number(row) + 1}`;
}
