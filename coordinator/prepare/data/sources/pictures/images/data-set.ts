/** The data set of pictures whose classes are known: decoded, of one size, with what is to be told of them. */

import { choiceOption } from '../../../options.js';
import { pixelNormalization } from '../../../scaling/normalization.js';
import type { DataSet, DataShapes, Reader, Records } from '../../../source.js';
import type { SpecOptions } from '../../../spec.js';
import { type Classes, classesOf } from './classes.js';
import { classesOfEntry, type Entry, type Layout } from './layout.js';
import { partsOf } from './parts.js';
import type { Look } from './pixels/decode.js';
import { lookOf } from './pixels/look.js';
import { type Pictures, readPictures, threadsNote } from './read.js';
import type { Tree } from './tree.js';

/** The options that all pictures have. */
export const PICTURE_OPTIONS = ['size', 'fit', 'grey', 'test', 'seed', 'skip-bad', 'normalize'] as const;

export interface PictureSet {
  /** Of the data set. */
  name: string;
  /** Where its pictures lie. */
  tree: Pick<Tree, 'root' | 'titleOf' | 'contents'>;
  layout: Layout;
}

/** @throws UserError */
export async function dataOfPictures(
  { name, tree, layout }: PictureSet,
  options: SpecOptions,
  reader: Reader,
): Promise<DataSet> {
  const { root } = tree;
  const { look, notes: ofLook } = lookOf(options, reader.trained);
  const skipBad = choiceOption(options, 'skip-bad', ['0', '1'], '0') === '1';
  const parts = partsOf(layout, root, options, reader);
  const classes = classesOf(parts, root, reader, layout.classes);
  const isKnown = (entry: Entry) => classesOfEntry(entry).every((name) => classes.numbers.has(name));
  const { train, test, validation = [] } = parts;
  const used = [train, test, validation].map((entries) => entries.filter(isKnown));
  const read = await readPictures({
    tree,
    parts: used.map((entries) => entries.map(({ path }) => path)),
    look,
    skipBad,
    preparing: reader.preparing ?? (() => undefined),
  });
  const shapes: DataShapes = {
    x: { shape: [read.height, read.width, look.channels], dtype: 'uint8' },
    y: layout.several ? { shape: [classes.names.length], dtype: 'uint8' } : { shape: [], dtype: 'int32' },
    label: {
      kind: layout.several ? 'multilabel' : 'class',
      ...{ classes: classes.names.length, names: classes.names },
    },
  };
  const [trained, tested, validated] = used.map((entries, part) =>
    recordsOf(entries, read.parts[part]!, classes, layout),
  ) as [Records, Records, Records];
  const { notes: ofPixels, normalisation } = await pixelNormalization(trained.x, shapes, options, reader);
  return {
    name,
    ...shapes,
    normalisation,
    ...{ train: trained, test: tested },
    ...(parts.validation ? { validation: validated } : {}),
    parts: parts.texts,
    notes: [
      ...layout.notes,
      ...parts.notes,
      ...ofLook,
      ...notesOf(read, look),
      ...threadsNote(used.flat().length),
      ...ofPixels,
    ],
    warnings: [...layout.warnings, ...classes.warnings, ...leftOut(read.unreadable)],
    ...(classes.unknown ? { unknownClasses: classes.unknown } : {}),
  };
}

function recordsOf(
  entries: readonly Entry[],
  { pixels, isRead }: Pictures['parts'][number],
  { numbers }: Classes,
  { several }: Layout,
): Records {
  const read = entries.filter((_, at) => isRead[at]);
  const count = read.length;
  if (!several) return { count, x: pixels, y: Int32Array.from(read, ({ name }) => numbers.get(name)!) };
  const y = new Uint8Array(count * numbers.size);
  for (const [record, entry] of read.entries())
    for (const name of classesOfEntry(entry)) y[record * numbers.size + numbers.get(name)!] = 1;
  return { count, x: pixels, y };
}

function notesOf({ transparent, firstOfMany, parts }: Pictures, { channels }: Look): string[] {
  const notes: string[] = [];
  if (transparent > 0) notes.push(`${transparent} pictures are transparent in places: they stand on white`);
  if (firstOfMany > 0) notes.push(`${firstOfMany} files hold several pictures: the first one is taken`);
  if (channels === 3 && parts.every(({ pixels }) => isGrey(pixels)))
    notes.push('no picture has a color: grey=1 makes the data a third as large');
  return notes;
}

function isGrey(pixels: Uint8Array): boolean {
  for (let at = 0; at < pixels.length; at += 3)
    if (pixels[at] !== pixels[at + 1] || pixels[at] !== pixels[at + 2]) return false;
  return true;
}

const TOLD = 50;

/** Each picture that skip-bad=1 leaves out, up to a limit. */
function leftOut(unreadable: readonly string[]): string[] {
  const told = unreadable.slice(0, TOLD).map((text) => `left out: ${text}`);
  const more = unreadable.length - told.length;
  return more > 0 ? [...told, `left out: ${more} more pictures that cannot be read`] : told;
}
