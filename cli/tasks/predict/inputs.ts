/** Records to predict, from files or standard input: tables, and arrays of numpy. What a file is, its bytes tell. */
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { unzipped } from '../../../coordinator/prepare/data/files/zip.js';
import { parseSpec, type SpecOptions } from '../../../coordinator/prepare/data/spec.js';
import type { RecordArray, RecordFormat } from '../../../shared/data/manifest.js';
import { messageOf, UserError } from '../../../shared/user-error.js';
import { arrayIn, recordsOfArray } from './array-records.js';
import { recordsOfTable } from './table-records.js';

/** Options of an input, behind a question mark. */
const OPTIONS = ['delimiter', 'decimal', 'encoding', 'header', 'skip', 'missing', 'x'];

/** What stands for standard input. */
export const STDIN = '-';

export interface Inputs {
  count: number;
  /** As engines are fed: scaled as the training's records were. */
  x: RecordArray;
  /** The number of each record in its file, from 1; a header is none. */
  rows: readonly number[];
  notes: string[];
}

/**
 * @param input a path, or `-`, perhaps with options: `FILE?delimiter=semicolon`
 * @param records what the model was trained on
 * @throws UserError naming file, row and column
 */
export async function readInputs(input: string, records: RecordFormat): Promise<Inputs> {
  const { path, options } = partsOf(input);
  const title = path === STDIN ? 'standard input' : path;
  const bytes = unpacked(title, path === STDIN ? await readStdin() : await readInput(path));
  if (bytes.length === 0) throw new UserError(`${title} is empty: give rows with the columns of training`);
  const begin = Buffer.from(bytes.subarray(0, 12)).toString('latin1');
  if (begin.startsWith('\x93NUMPY')) return recordsOfArray(arrayIn(title, bytes), records);
  if (begin.startsWith('PK\x03\x04'))
    return recordsOfArray(arrayIn(title, unzipped(bytes, title), options.get('x')), records);
  if (isPicture(begin))
    throw new UserError(`${title} is a picture, which predict does not read: ${remedy(records)}`, 2);
  return recordsOfTable(title, bytes, options, records);
}

const remedy = ({ columns, x }: RecordFormat): string =>
  columns
    ? `the model takes a table with the columns ${columns.features.map(({ name }) => name).join(', ')}`
    : `give an array (NPY or NPZ) of shape (records, ${x.shape.join(', ')}) and of ${x.dtype}`;

function partsOf(input: string): { path: string; options: SpecOptions } {
  const names = { known: OPTIONS, paths: [] };
  // A name with a question mark of its own.
  if (existsSync(input)) return { path: input, options: parseSpec('input:', () => names).options };
  return parseSpec(`input:${input}`, () => names);
}

async function readInput(path: string): Promise<Buffer> {
  try {
    if ((await stat(path)).isDirectory())
      throw new UserError(`${path} is a folder: give the files that hold the records`, 2);
    return await readFile(path);
  } catch (error) {
    if (error instanceof UserError) throw error;
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new UserError(isMissing ? `${path}: no such file` : messageOf(error), 2);
  }
}

async function readStdin(): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of process.stdin) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function unpacked(title: string, bytes: Buffer): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes);
  } catch (error) {
    throw new UserError(`${title} is not a complete gzip file (${messageOf(error)}): fetch it again`);
  }
}

const isPicture = (begin: string): boolean =>
  /^(\x89PNG|\xff\xd8\xff|GIF8|BM.{4}\0\0\0\0|RIFF.{4}WEBP)/s.test(begin);

/** How an input is called in a list of several. */
export const nameOfInput = (input: string): string =>
  input === STDIN ? STDIN : basename(partsOf(input).path);
