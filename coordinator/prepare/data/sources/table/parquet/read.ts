/** Parquet files as one table, a group of rows after the other. */
import { type FileMetaData, parquetSchema } from 'hyparquet';
import { UserError } from '../../../../../../shared/user-error.js';
import { listed } from '../../../../words/listed.js';
import { listAs } from '../labels/several.js';
import type { ReadTable, TableRequest } from '../picking/reading.js';
import { isUsed, tableOf } from '../values/typed-table.js';
import { Fault, ValueColumn } from '../values/value-column.js';
import { readColumn, rowGroupsOf } from './file/column.js';
import { parquetFiles } from './file/files.js';
import { opened, type Source } from './file/open.js';
import { classNamesIn, conversionOf, isIndex } from './file/schema.js';

/** @throws UserError naming the file that is none, or that has other columns than the first */
export async function readParquet(request: TableRequest): Promise<ReadTable> {
  const files = await parquetFiles(request.file);
  const values = new Map<string, ValueColumn | undefined>();
  /** The first row of each file. */
  const starts: number[] = [];
  let rows = 0;
  let classes = new Map<string, string[]>();
  let hasIndex = false;
  for (const file of files) {
    const { source, metadata } = await opened(file);
    const names = parquetSchema(metadata).children.map(({ element }) => element.name);
    hasIndex ||= names.some(isIndex);
    const own = names.filter((name) => !isIndex(name));
    if (starts.length === 0) {
      classes = classNamesIn(metadata);
      for (const name of own)
        values.set(name, isUsed(name, request) ? new ValueColumn(name, listAs(name, request)) : undefined);
    } else if ([...own].sort().join('\0') !== [...values.keys()].sort().join('\0'))
      throw new UserError(
        `${file} has columns ${listed(own)}, and ${files[0]} ${listed([...values.keys()])}: files of one table have the same`,
      );
    starts.push(rows);
    rows += await readFile(file, source, metadata, values);
  }
  if (rows === 0) throw new UserError(`${request.file} holds no rows`);
  const dialect = [
    `Parquet with ${values.size} columns`,
    ...(files.length > 1 ? [`${files.length} files`] : []),
    ...(hasIndex ? ['without the index of pandas'] : []),
  ].join(', ');
  const placeOf = (row: number): string => {
    const at = starts.findLastIndex((start) => start <= row);
    return `${files[at]}, row ${row - starts[at]! + 1}`;
  };
  return tableOf(request, { values, rows, classes, dialect, placeOf });
}

/** @returns how many rows were added to the columns */
async function readFile(
  file: string,
  source: Source,
  metadata: FileMetaData,
  values: ReadonlyMap<string, ValueColumn | undefined>,
): Promise<number> {
  const classes = classNamesIn(metadata);
  const used = parquetSchema(metadata).children.filter(({ element }) => values.get(element.name));
  const groups = rowGroupsOf(file, source, metadata);
  for (const group of groups) {
    // Column by column: all of a group at once take many times the memory of their cells.
    for (const child of used) {
      const { name } = child.element;
      const column = values.get(name)!;
      const converted = conversionOf(child, classes.get(name));
      await readColumn(group, name, (value) => column.add(converted(value)), textOf);
    }
  }
  return groups.at(-1)?.rowEnd ?? 0;
}

const decoder = new TextDecoder('utf-8', { fatal: true });

function textOf(bytes: Uint8Array | undefined): string | Fault | undefined {
  try {
    return bytes && decoder.decode(bytes);
  } catch {
    return new Fault('a text that is no UTF-8');
  }
}
