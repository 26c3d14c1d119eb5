/**
 * `images:DIR` and `images:FILE.zip`: pictures in folders, one folder a class (`CLASS/x.jpg`, or `train/CLASS/x.jpg`
 * and `test/CLASS/x.jpg`). docs/data.md tells the options, and what is done to a picture.
 */
import type { RecordFormat } from '../../../../../../shared/data/manifest.js';
import { UserError } from '../../../../../../shared/user-error.js';
import { choiceOption } from '../../../options.js';
import { pixelNormalization } from '../../../scaling/normalization.js';
import type { DataShapes, DataSource, Records } from '../../../source.js';
import type { SpecOptions } from '../../../spec.js';
import { type Classes, classesOf } from './classes.js';
import type { Look } from './decode.js';
import { type Entry, layoutOf } from './layout.js';
import { partsOf } from './parts.js';
import { type Pictures, readPictures, threadsNote } from './read.js';
import { openTree } from './tree.js';

export const images: DataSource = {
  scheme: 'images',
  usage: 'images:DIR?size=64x64',
  endings: ['.zip'],
  options: ['size', 'fit', 'grey', 'test', 'seed', 'skip-bad', 'normalize'],
  async open(root, options, reader) {
    if (root === '') throw new UserError('--data images needs a folder or a ZIP archive: images:DIR', 2);
    const { look, notes: ofLook } = lookOf(options, reader.trained);
    const skipBad = choiceOption(options, 'skip-bad', ['0', '1'], '0') === '1';
    const tree = await openTree(root);
    const layout = layoutOf(tree);
    const parts = partsOf(layout, root, options, reader);
    const classes = classesOf(parts, root, reader);
    const isKnown = ({ name }: Entry) => classes.numbers.has(name);
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
      y: { shape: [], dtype: 'int32' },
      label: { kind: 'class', classes: classes.names.length, names: classes.names },
    };
    const [trained, tested, validated] = used.map((entries, part) =>
      recordsOf(entries, read.parts[part]!, classes),
    ) as [Records, Records, Records];
    const { notes: ofPixels, normalisation } = await pixelNormalization(trained.x, shapes, options, reader);
    return {
      name: `images:${root}`,
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
  },
};

/** @throws UserError */
function lookOf(options: SpecOptions, trained: RecordFormat | undefined): { look: Look; notes: string[] } {
  const fit = choiceOption(options, 'fit', ['cover', 'contain', 'stretch'], 'cover');
  const given = sizeOption(options);
  const known = trained && sizeOfTrained(trained);
  if (options.get('fit') !== undefined && !given && !known)
    throw new UserError(
      '--data option fit says how pictures are made to fit size=WIDTHxHEIGHT, which is missing',
      2,
    );
  const grey = choiceOption(options, 'grey', ['0', '1'], known?.channels === 1 ? '1' : '0');
  const size = given ?? (known && { width: known.width, height: known.height });
  const look: Look = { size, fit, channels: grey === '1' ? 1 : 3 };
  const isAsTrained = known !== undefined && !given;
  return {
    look,
    notes: isAsTrained
      ? [`pictures are made as large as the model's: ${known.width}x${known.height}, fit=${fit}`]
      : [],
  };
}

function sizeOption(options: SpecOptions): Look['size'] {
  const text = options.get('size');
  if (text === undefined) return undefined;
  const [, width, height] = /^([1-9]\d{0,4})x([1-9]\d{0,4})$/.exec(text) ?? [];
  if (width === undefined)
    throw new UserError(`--data option size must be WIDTHxHEIGHT in pixels, such as 64x64, not ${text}`, 2);
  return { width: Number(width), height: Number(height) };
}

/** Undefined where the model takes no pictures: its shape is then told against theirs. */
function sizeOfTrained({ x }: RecordFormat) {
  const [height, width, channels] = x.shape;
  return x.shape.length === 3 ? { width: width!, height: height!, channels } : undefined;
}

function recordsOf(
  entries: readonly Entry[],
  { pixels, isRead }: Pictures['parts'][number],
  { numbers }: Classes,
): Records {
  const y = Int32Array.from(
    entries.filter((_, at) => isRead[at]),
    ({ name }) => numbers.get(name)!,
  );
  return { count: y.length, x: pixels, y };
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
