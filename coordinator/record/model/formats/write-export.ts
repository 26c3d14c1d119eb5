/** An export on disk: the model, what it tells of itself as `metadata.json`, and in a folder a model card. */
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UserError } from '../../../../shared/user-error.js';
import { atomically, makeFolder, writeAll, writeJsonAtomically } from '../../folder/atomic-file.js';
import { MARK, modelCard } from './card.js';
import { type ExportFormat, type ExportRequest, textOf } from './formats.js';

export interface Written {
  /** The file, or the folder of a format that is one. */
  path: string;
  /** Of the model's files. */
  bytes: number;
  /** What was left as it was, in words. */
  notes: string[];
}

/**
 * @param to a file with the format's ending, or a folder, which is made if need be
 * @throws UserError where files of others stand in the way
 */
export async function writeExport(
  to: string,
  format: ExportFormat,
  request: ExportRequest,
): Promise<Written> {
  const { ending } = format;
  const isFile = ending !== undefined && to.toLowerCase().endsWith(ending);
  const dir = isFile ? dirname(to) : to;
  const path = isFile || ending === undefined ? to : join(to, `model${ending}`);
  const metadata = isFile ? `${to.slice(0, -ending.length)}.metadata.json` : join(to, 'metadata.json');
  await refuseOthers(dir, metadata);
  await makeFolder(dir);
  await format.write(path, request);
  await writeJsonAtomically(metadata, { ...request.about, ...request.model.metadata });
  const notes = isFile ? [] : await writeCard(join(to, 'README.md'), format, request);
  return { path, bytes: await sizeOfModel(path), notes };
}

async function refuseOthers(dir: string, metadata: string): Promise<void> {
  const isFolder = await stat(dir).then(
    (found) => found.isDirectory(),
    () => true,
  );
  if (!isFolder) throw new UserError(`--to: ${dir} is a file, not a folder: give another name`, 2);
  const text = await textOf(metadata);
  if (text === undefined || isOurs(text)) return;
  throw new UserError(
    `--to: ${metadata} stands there, and is not of an export of ours: give another folder, or move it away`,
    2,
  );
}

function isOurs(text: string): boolean {
  try {
    return String((JSON.parse(text) as { generatedBy?: unknown }).generatedBy).startsWith('swarmgrad ');
  } catch {
    return false;
  }
}

/** A README that somebody has written is never replaced. */
async function writeCard(path: string, format: ExportFormat, request: ExportRequest): Promise<string[]> {
  const text = await textOf(path);
  if (text !== undefined && !text.includes(MARK))
    return [`${path} was left as it was: it is not a model card of ours`];
  const card = Buffer.from(modelCard(format, request));
  await atomically(path, (file) => writeAll(file, card));
  return [];
}

async function sizeOfModel(path: string): Promise<number> {
  const found = await stat(path);
  if (found.isFile()) return found.size;
  const names = (await readdir(path)).filter((name) => name === 'model.json' || name.endsWith('.bin'));
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(path, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
