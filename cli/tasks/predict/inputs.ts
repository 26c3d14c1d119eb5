/** Records to predict, from files or standard input: tables, arrays of numpy, and pictures. What a file is, its bytes tell. */
import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { unzipped } from '../../../coordinator/prepare/data/files/zip.js';
import {
  formatOfBytes,
  isPictureName,
} from '../../../coordinator/prepare/data/sources/pictures/images/pixels/formats.js';
import { parseSpec, type SpecOptions } from '../../../coordinator/prepare/data/spec.js';
import type { RecordFormat } from '../../../shared/data/manifest.js';
import { messageOf, UserError } from '../../../shared/user-error.js';
import { arrayIn, recordsOfArray, recordsOfArrays } from './array-records.js';
import { recordsOfPicture } from './picture-records.js';
import { recordsOfTable } from './table-records.js';
import type { UnlabeledRecords } from './unlabeled-records.js';

/** Options of an input, behind a question mark. */
const OPTIONS = ['delimiter', 'decimal', 'encoding', 'header', 'skip', 'missing', 'unknown', 'x', 'fit'];

/** What stands for standard input. */
export const STDIN = '-';

/**
 * @param input a path, or `-`, perhaps with options: `FILE?delimiter=semicolon`
 * @param records what the model was trained on
 * @throws UserError naming file, row and column
 */
export async function readInputs(input: string, records: RecordFormat): Promise<UnlabeledRecords> {
  const { path, options } = partsOf(input);
  const title = path === STDIN ? 'standard input' : path;
  const bytes = unpacked(title, path === STDIN ? await readStdin() : await readInput(path));
  if (bytes.length === 0) throw new UserError(`${title} is empty: give rows with the columns of training`);
  const begin = Buffer.from(bytes.subarray(0, 12)).toString('latin1');
  const isArchive = begin.startsWith('PK\x03\x04');
  if (records.named && records.named.inputs.length > 1) {
    if (isArchive) return recordsOfArrays(title, unzipped(bytes, title), records);
    throw new UserError(
      `${title}: the model takes several inputs: give an NPZ file with an array for each (${records.named.inputs.map(({ name }) => name).join(', ')})`,
      2,
    );
  }
  if (begin.startsWith('\x93NUMPY')) return recordsOfArray(arrayIn(title, bytes), records);
  if (isArchive) return recordsOfArray(arrayIn(title, unzipped(bytes, title), options.get('x')), records);
  if (isTakenFor(path, bytes)) return recordsOfPicture(title, bytes, options, records);
  return recordsOfTable(title, bytes, options, records);
}

/** Text may begin like a picture of a rare format: there the name decides. */
const isTakenFor = (path: string, bytes: Uint8Array): boolean => {
  const format = formatOfBytes(bytes);
  return format !== undefined && (format.isRead || isPictureName(path));
};

/** Inputs one by one: a folder stands for the pictures in it, in the order of their names. @throws UserError */
export async function listInputs(given: readonly string[]): Promise<string[]> {
  const lists = given.map(async (input) => {
    const { path } = partsOf(input);
    const found = path === STDIN ? undefined : await stat(path).catch(() => undefined);
    if (!found?.isDirectory()) return [input];
    const names = (await readdir(path)).filter(isPictureName).sort();
    if (names.length === 0) throw new UserError(`${path} is a folder without pictures: give files`, 2);
    return names.map((name) => `${join(path, name)}${input.slice(path.length)}`);
  });
  return (await Promise.all(lists)).flat();
}

function partsOf(input: string): { path: string; options: SpecOptions } {
  const names = { known: OPTIONS, paths: [] };
  // A name with a question mark of its own.
  if (existsSync(input)) return { path: input, options: parseSpec('input:', () => names).options };
  return parseSpec(`input:${input}`, () => names);
}

async function readInput(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
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

/** How an input is called in a list of several. */
export const nameOfInput = (input: string): string =>
  input === STDIN ? STDIN : basename(partsOf(input).path);
