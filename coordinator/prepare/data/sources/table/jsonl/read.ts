/** One object a line: its keys are columns, and a key that a row lacks is a missing value. */
import { messageOf, UserError } from '../../../../../../shared/user-error.js';
import { textPieces } from '../../../files/text-stream.js';
import { Column } from '../cells/column.js';
import { listAs } from '../labels/several.js';
import type { ReadTable, TableRequest } from '../picking/reading.js';
import { isUsed, tableOf } from '../values/typed-table.js';
import { ValueColumn } from '../values/value-column.js';

/** @throws UserError naming the line that is no object */
export async function readJsonl(request: TableRequest): Promise<ReadTable> {
  const { file, options, bytes } = request;
  const values = new Map<string, ValueColumn | undefined>();
  const lines = new Column();
  let line = 0;
  for await (const text of textLines(file, options.get('encoding'), bytes)) {
    line++;
    if (text.trim() === '') continue;
    const rows = lines.length;
    const object = objectOf(text, `${file}, line ${line}`);
    for (const key of Object.keys(object)) {
      let column = values.get(key);
      if (!column && !values.has(key)) {
        column = isUsed(key, request) ? new ValueColumn(key, listAs(key, request)) : undefined;
        values.set(key, column);
      }
      column?.fill(rows);
      column?.add(object[key]);
    }
    lines.add(line);
  }
  const rows = lines.length;
  if (rows === 0) throw new UserError(`${file} holds no rows`);
  for (const column of values.values()) column?.fill(rows);
  const dialect = `an object a line, with ${values.size} keys`;
  return tableOf(request, {
    values,
    rows,
    dialect,
    placeOf: (row) => `${file}, line ${lines.numberAt(row)}`,
  });
}

async function* textLines(
  file: string,
  encoding: string | undefined,
  bytes: Uint8Array | undefined,
): AsyncGenerator<string> {
  let left = '';
  for await (const piece of textPieces(file, encoding, bytes)) {
    const lines = `${left}${piece}`.split('\n');
    left = lines.pop()!;
    yield* lines;
  }
  yield left;
}

function objectOf(text: string, place: string): Record<string, unknown> {
  let value: unknown;
  let why = 'no object';
  try {
    value = JSON.parse(text);
  } catch (error) {
    why = messageOf(error);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  const remedy = text.trimStart().startsWith('[') ? " (jq -c '.[]' makes that of an array)" : '';
  throw new UserError(`${place}: no JSON object (${why}): a whole object is to stand in each line${remedy}`);
}
