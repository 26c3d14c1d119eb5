/**
 * What the paths of pictures say: to which part of the data and to which class each belongs. `CLASS/x.jpg` leaves the
 * parts to be drawn; `train/CLASS/x.jpg` and `test/CLASS/x.jpg` name them. Folders within that of a class count with it.
 */
import { UserError } from '../../../../../../shared/user-error.js';
import { isPictureName } from './pixels/formats.js';
import type { Tree } from './tree.js';

export interface Entry {
  path: string;
  /** Of its class. */
  name: string;
  /** Of its classes, where there may be any number. */
  names?: readonly string[];
}

export type PartName = 'train' | 'validation' | 'test';

export interface Layout {
  /** Undefined for a part that no folder names; all is `drawn` where none does. */
  parts: { [P in PartName]?: { folder: string; entries: Entry[] } } | { drawn: Entry[] };
  /** Names of the classes in their order, where that is told; else they are those of the pictures, sorted. */
  classes?: readonly string[];
  /** Whether a picture may have any number of classes. */
  several?: true;
  notes: string[];
  warnings: string[];
}

export const classesOfEntry = ({ name, names = [name] }: Entry): readonly string[] => names;

const PARTS: Readonly<Record<string, PartName>> = {
  train: 'train',
  val: 'validation',
  valid: 'validation',
  validation: 'validation',
  test: 'test',
};
export const partOf = (folder: string): PartName | undefined =>
  Object.hasOwn(PARTS, folder.toLowerCase()) ? PARTS[folder.toLowerCase()] : undefined;

/** What systems leave in folders. */
const LITTER = /(?:^|\/)(?:\.[^/]*|__MACOSX|Thumbs\.db|ehthumbs\.db|desktop\.ini)(?:\/|$)/i;
const LISTED = 4;

/** @throws UserError naming the folder, and what to do */
export function layoutOf({ root, paths, folders, titleOf }: Omit<Tree, 'contents'>): Layout {
  const notes: string[] = [];
  const litter = paths.filter((path) => LITTER.test(path));
  const files = paths.filter((path) => !LITTER.test(path));
  const pictures = files.filter(isPictureName);
  const others = files.filter((path) => !isPictureName(path));
  if (litter.length > 0) notes.push(`${root}: left out ${counted(litter, 'hidden file')}`);
  if (others.length > 0)
    notes.push(`${root}: left out ${counted(others, 'file')} that the name tells to be no picture`);
  if (pictures.length === 0)
    throw new UserError(`${root} holds no pictures: give the folder of the classes' folders (images:DIR)`, 2);

  const within = wrapperOf(pictures);
  if (within !== '') notes.push(`${root}: all pictures are within ${within}`);
  const inner = pictures.map((path) => ({ path, names: path.slice(within.length).split('/') }));
  const loose = inner.find(({ names }) => names.length === 1);
  if (loose)
    throw new UserError(
      `${titleOf(loose.path)} is in no class's folder: put each class into a folder of its own (${root}/CLASS/...)`,
      2,
    );
  const tops = [...new Set(inner.map(({ names }) => names[0]!))];
  const warnings = emptyFolders(folders, within, pictures, root);
  if (tops.every((top) => partOf(top) === undefined))
    return { parts: { drawn: entriesOf(inner, 0) }, notes, warnings };
  if (!tops.every((top) => partOf(top) !== undefined)) {
    const [named, rest] = [tops.filter((top) => partOf(top)), tops.filter((top) => !partOf(top))];
    // A class may be called `train`: then its pictures lie in it, and not in folders of classes.
    if (inner.every(({ names }) => !partOf(names[0]!) || names.length === 2) && named.length === 1)
      return { parts: { drawn: entriesOf(inner, 0) }, notes, warnings };
    throw new UserError(
      `${root} holds ${named.join(', ')}, which are parts of a data set, beside ${counted(rest, 'other folder')}: keep only parts there (train, val, test), or only classes`,
      2,
    );
  }
  const parts: Exclude<Layout['parts'], { drawn: Entry[] }> = {};
  for (const top of tops) {
    const part = partOf(top)!;
    const twin = parts[part];
    if (twin) throw new UserError(`${root} holds ${twin.folder} and ${top}, which are one part: keep one`, 2);
    const own = inner.filter(({ names }) => names[0] === top);
    const flat = own.find(({ names }) => names.length === 2);
    if (flat)
      throw new UserError(
        `${titleOf(flat.path)} is in no class's folder: pictures of a part lie in ${top}/CLASS/...`,
        2,
      );
    parts[part] = { folder: top, entries: entriesOf(own, 1) };
  }
  return { parts, notes, warnings };
}

/** The folders, with a slash behind each, that hold everything, and are neither a class nor a part. */
function wrapperOf(pictures: readonly string[]): string {
  let within = '';
  for (;;) {
    const rests = pictures.map((path) => path.slice(within.length).split('/'));
    const [top] = rests[0]!;
    const isWrapper = rests.every((names) => names[0] === top && names.length > 2);
    if (!isWrapper || partOf(top!) !== undefined) return within;
    within += `${top}/`;
  }
}

const entriesOf = (files: readonly { path: string; names: string[] }[], level: number): Entry[] =>
  files.map(({ path, names }) => ({ path, name: names[level]!.normalize('NFC') }));

/** Folders that seem to be of a class, and hold no picture. */
function emptyFolders(
  folders: readonly string[],
  within: string,
  pictures: readonly string[],
  root: string,
): string[] {
  const used = new Set(pictures.flatMap((path) => ancestors(path)));
  const empty = folders.filter((path) => path.startsWith(within) && !LITTER.test(path) && !used.has(path));
  return empty.length > 0 ? [`${root}: ${counted(empty, 'folder')} without any picture`] : [];
}

const ancestors = (path: string): string[] =>
  [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index));

/** `3 files (a, b, c)`. */
function counted(names: readonly string[], what: string): string {
  const more = names.length > LISTED ? `, and ${names.length - LISTED} more` : '';
  return `${names.length} ${what}${names.length === 1 ? '' : 's'} (${names.slice(0, LISTED).join(', ')}${more})`;
}
