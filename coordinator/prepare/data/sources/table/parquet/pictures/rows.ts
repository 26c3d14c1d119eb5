/** Pictures in the rows of Parquet files: whose class each is, and its bytes, a group of rows after the other. */
import { type FileMetaData, parquetRead } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { messageOf, UserError } from '../../../../../../../shared/user-error.js';
import type { Entry } from '../../../pictures/images/layout.js';
import type { Tree } from '../../../pictures/images/tree.js';
import { classNameOf } from '../../cells/number-field.js';
import { opened, type Source } from '../file/open.js';
import type { PictureColumns } from './columns.js';

/** Pictures are decoded side by side: those of two groups may be in work. */
const GROUPS_HELD = 2;

interface Group {
  file: string;
  source: Source;
  metadata: FileMetaData;
  rowStart: number;
  rowEnd: number;
}

/** Rows of several files, each with the path by which it is asked for. */
export class PictureRows {
  private readonly groups: Group[] = [];
  private readonly rows = new Map<string, { group: Group; row: number }>();
  private readonly held = new Map<Group, Promise<unknown[]>>();

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
      let rowStart = 0;
      for (const { num_rows } of metadata.row_groups) {
        const group = { file, source, metadata, rowStart, rowEnd: rowStart + Number(num_rows) };
        this.groups.push(group);
        const labels = await this.column(group, this.columns.label);
        for (const [at, label] of labels.entries()) {
          const row = rowStart + at;
          const path = `${file}\0${row}\0${part}`;
          this.rows.set(path, { group, row: at });
          entries.push({ path, name: this.nameOf(label, titleOf(path)) });
        }
        rowStart = group.rowEnd;
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
  private pictures(group: Group): Promise<unknown[]> {
    const known = this.held.get(group);
    if (known) return known;
    const values = this.column(group, this.columns.image);
    this.held.set(group, values);
    for (const each of this.held.keys()) if (this.held.size > GROUPS_HELD) this.held.delete(each);
    return values;
  }

  private async column(group: Group, name: string): Promise<unknown[]> {
    const { file, source, metadata, rowStart, rowEnd } = group;
    const values: unknown[] = [];
    const where = `${file}, column ${name}, rows ${rowStart + 1} to ${rowEnd}`;
    try {
      await parquetRead({
        ...{ file: source, metadata, compressors, rowStart, rowEnd, columns: [name], utf8: false },
        onChunk({ columnData }) {
          for (let at = 0; at < columnData.length; at++) values.push(columnData[at]);
        },
      });
    } catch (error) {
      throw new UserError(`${where}: ${messageOf(error)}: write the file again`);
    }
    if (values.length === rowEnd - rowStart) return values;
    throw new UserError(
      `${where}: ${rowEnd - rowStart - values.length} values are missing: write the file again`,
    );
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
