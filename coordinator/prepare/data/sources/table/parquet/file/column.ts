/** The values of one column, of one group of rows. */
import { type FileMetaData, parquetRead } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { messageOf, UserError } from '../../../../../../../shared/user-error.js';
import type { Source } from './open.js';

export interface RowGroup {
  file: string;
  source: Source;
  metadata: FileMetaData;
  rowStart: number;
  rowEnd: number;
}

/** The groups of rows of a file, in its order. */
export function rowGroupsOf(file: string, source: Source, metadata: FileMetaData): RowGroup[] {
  let rowEnd = 0;
  return metadata.row_groups.map(({ num_rows }) => {
    const rowStart = rowEnd;
    rowEnd += Number(num_rows);
    return { file, source, metadata, rowStart, rowEnd };
  });
}

/**
 * @param take is given each value in the order of the rows
 * @param textOf makes texts of bytes; by default as UTF-8
 * @throws UserError naming file, column and rows
 */
export async function readColumn(
  { file, source, metadata, rowStart, rowEnd }: RowGroup,
  name: string,
  take: (value: unknown) => void,
  textOf?: (bytes: Uint8Array | undefined) => unknown,
): Promise<void> {
  const where = `${file}, column ${name}, rows ${rowStart + 1} to ${rowEnd}`;
  let missing = rowEnd - rowStart;
  try {
    await parquetRead({
      ...{ file: source, metadata, compressors, rowStart, rowEnd, columns: [name], utf8: false },
      ...(textOf ? { parsers: { stringFromBytes: textOf } } : {}),
      onChunk({ columnData }) {
        missing -= columnData.length;
        for (let at = 0; at < columnData.length; at++) take(columnData[at]);
      },
    });
  } catch (error) {
    throw new UserError(`${where}: ${messageOf(error)}: write the file again`);
  }
  if (missing !== 0) throw new UserError(`${where}: ${missing} values are missing: write the file again`);
}
