/** Where pictures lie: the files of a folder, or those of a ZIP archive, by their paths with slashes. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, UserError } from '../../../../../../shared/user-error.js';
import { listFolder, readDataFile } from '../../../files/files.js';
import { unzipped, type ZipEntry, zipEntries } from '../../../files/zip.js';
import { isPictureName } from './pixels/formats.js';

export interface Tree {
  root: string;
  /** Of all files, sorted. */
  paths: string[];
  /** Of all folders, sorted. */
  folders: string[];
  /** What a file is called in messages. */
  titleOf(path: string): string;
  /** The files of these paths, in the order in which they are best read; each is read once, when it is asked for. */
  contents(paths: ReadonlySet<string>): Iterable<TreeFile>;
}

export interface TreeFile {
  path: string;
  /** @throws Error for one that cannot be read */
  read(): Promise<Uint8Array>;
}

/** Links of folders may go in a circle. */
const MOST_FOLDERS_DEEP = 32;
/** Node reads no larger file at once. */
const MAX_ARCHIVE_BYTES = 2 ** 31 - 1;
/** So much of an archive is unpacked at a time. */
const BATCH_BYTES = 64 << 20;
/** What an archive claims to be larger is no picture. */
const MAX_FILE_BYTES = 1 << 30;

/** @throws UserError */
export async function openTree(root: string): Promise<Tree> {
  const found = await stat(root).catch(() => undefined);
  return found?.isFile() ? openArchive(root, found.size) : openFolder(root);
}

async function openFolder(root: string): Promise<Tree> {
  await listFolder(root);
  const [paths, folders]: [string[], string[]] = [[], []];
  const walk = async (folder: string, depth: number): Promise<void> => {
    if (depth > MOST_FOLDERS_DEEP)
      throw new UserError(`${join(root, folder)}: more than ${MOST_FOLDERS_DEEP} folders deep`);
    for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      const isFolder = entry.isSymbolicLink()
        ? await stat(join(root, path)).then(
            (target) => target.isDirectory(),
            () => false,
          )
        : entry.isDirectory();
      if (!isFolder) paths.push(path);
      else {
        folders.push(path);
        await walk(path, depth + 1);
      }
    }
  };
  try {
    await walk('', 0);
  } catch (error) {
    throw error instanceof UserError ? error : new UserError(`${root}: ${messageOf(error)}`);
  }
  return {
    root,
    paths: paths.sort(),
    folders: folders.sort(),
    titleOf: (path) => join(root, path),
    *contents(wanted) {
      for (const path of wanted) yield { path, read: () => readFile(join(root, path)) };
    },
  };
}

async function openArchive(root: string, bytes: number): Promise<Tree> {
  if (bytes > MAX_ARCHIVE_BYTES)
    throw new UserError(`${root} is larger than 2 GiB: unpack it, and give its folder (images:DIR)`);
  if (isPictureName(root))
    throw new UserError(`${root} is one picture: images needs a folder or a ZIP archive of them`, 2);
  const archive = await readDataFile(root);
  const entries = zipEntries(archive, root);
  const slashed = (name: string) => name.replaceAll('\\', '/').replace(/^(?:\.?\/)+/, '');
  const isFolder = ({ name }: ZipEntry) => slashed(name).endsWith('/');
  const files = entries.filter((entry) => !isFolder(entry));
  return {
    root,
    paths: [...new Set(files.map(({ name }) => slashed(name)))].sort(),
    folders: entries
      .filter(isFolder)
      .map(({ name }) => slashed(name).slice(0, -1))
      .sort(),
    titleOf: (path) => `${root}, ${path}`,
    *contents(wanted) {
      const asked = files.filter(({ name }) => wanted.has(slashed(name)));
      for (const { name } of asked.filter(({ size }) => size > MAX_FILE_BYTES))
        yield { path: slashed(name), read: () => Promise.reject(new Error('larger than 1 GiB')) };
      for (const batch of batchesOf(asked.filter(({ size }) => size <= MAX_FILE_BYTES))) {
        const names = new Set(batch.map(({ name }) => name));
        for (const [name, content] of unzipped(archive, root, ({ name }) => names.has(name)))
          yield { path: slashed(name), read: async () => content };
      }
    },
  };
}

/** Cut so that all that is unpacked at a time has a bound. */
export function batchesOf(entries: readonly ZipEntry[]): ZipEntry[][] {
  const batches: ZipEntry[][] = [];
  let room = 0;
  for (const entry of entries) {
    if (entry.size > room || batches.length === 0) {
      batches.push([]);
      room = BATCH_BYTES;
    }
    batches.at(-1)!.push(entry);
    room -= entry.size;
  }
  return batches;
}
