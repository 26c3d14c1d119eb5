/** All pictures of a tree, decoded side by side on all processors. */
import { availableParallelism } from 'node:os';
import { messageOf, UserError } from '../../../../../../shared/user-error.js';
import { decodePicture, type Look, loadSharp, Unreadable } from './pixels/decode.js';
import { Pixels, type Size } from './pixels/pixels.js';
import type { Tree, TreeFile } from './tree.js';

const TELL_MS = 1000;
/** Files are read while others are decoded. */
const FILES_PER_PROCESSOR = 2;

export interface Pictures extends Size {
  /** For each list of paths that was asked for: the pixels of those that could be read, in their order. */
  parts: { pixels: Uint8Array; isRead: boolean[] }[];
  /** Why others could not, in words. */
  unreadable: string[];
  /** How many were transparent in places, and how many files held several pictures. */
  transparent: number;
  firstOfMany: number;
}

export interface Wanted {
  tree: Pick<Tree, 'root' | 'titleOf' | 'contents'>;
  parts: readonly (readonly string[])[];
  look: Look;
  /** Leaves out what cannot be read, in place of refusing it. */
  skipBad: boolean;
  preparing(what: string): void;
}

/** @throws UserError naming the first picture, in the order that is asked for, that cannot be taken */
export async function readPictures({ tree, parts, look, skipBad, preparing }: Wanted): Promise<Pictures> {
  const sharp = await loadSharp();
  const paths = parts.flat();
  const places = new Map(paths.map((path, place) => [path, place]));
  const pixels = new Pixels(paths.length, look);
  const faults = new Map<number, Unreadable | UserError>();
  let [done, transparent, firstOfMany, isStopped] = [0, 0, 0, false];

  const one = async ({ path, read }: TreeFile) => {
    const place = places.get(path)!;
    const title = tree.titleOf(path);
    try {
      const bytes = await read().catch((error) => {
        throw new Unreadable(`cannot be read (${messageOf(error)})`);
      });
      const picture = await decodePicture(sharp, bytes, look);
      pixels.put(place, title, picture);
      faults.delete(place);
      if (picture.isTransparent) transparent++;
      if (picture.isFirstOfMany) firstOfMany++;
    } catch (error) {
      const fault = faultOf(title, error);
      faults.set(place, fault);
      isStopped ||= !skipBad || fault instanceof UserError;
    }
  };
  const refuse = () => {
    const inOrder = [...faults].sort(([a], [b]) => a - b).map(([, fault]) => fault);
    const fault = inOrder.find((fault) => !skipBad || fault instanceof UserError);
    if (fault instanceof UserError) throw fault;
    if (fault) throw new UserError(`${fault.message}: delete it, or skip-bad=1 leaves such pictures out`);
    return inOrder.map(({ message }) => message);
  };

  const count = paths.length.toLocaleString('en-US');
  const tell = () => preparing(`reading pictures: ${done.toLocaleString('en-US')} of ${count}`);
  tell();
  const timer = setInterval(tell, TELL_MS);
  try {
    const files = tree.contents(new Set(paths))[Symbol.iterator]();
    const some = async (isEnough: () => boolean) => {
      while (!isStopped && !isEnough()) {
        const next = files.next();
        if (next.done) return;
        await one(next.value);
        done++;
      }
    };
    // The first one alone, where it decides the size of all.
    await some(() => pixels.each !== undefined);
    const lanes = FILES_PER_PROCESSOR * availableParallelism();
    await Promise.all(Array.from({ length: lanes }, () => some(() => false)));
    // libvips keeps the reasons of all threads in one place: each is met again alone, to have its own.
    const unclear = [...faults].filter(([, fault]) => fault instanceof Unreadable);
    for (const file of tree.contents(new Set(unclear.map(([place]) => paths[place]!)))) await one(file);
  } finally {
    clearInterval(timer);
  }
  const unreadable = refuse();
  if (!pixels.each) throw new UserError(`${tree.root}: no picture could be read`);
  let from = 0;
  const read = parts.map((part) => {
    const [first, behind] = [from, (from += part.length)];
    return { pixels: pixels.between(first, behind), isRead: part.map((_, at) => pixels.has(first + at)) };
  });
  return { ...pixels.each, parts: read, unreadable, transparent, firstOfMany };
}

/** @throws what is not the picture's */
function faultOf(title: string, error: unknown): Unreadable | UserError {
  if (error instanceof Unreadable) return new Unreadable(`${title} ${error.message}`);
  if (error instanceof UserError) return error;
  throw error;
}

const USUAL_THREADS = 4;
const MANY = 1000;

/** Node decodes in the threads of libuv, whose number is fixed when the process starts. */
export function threadsNote(
  pictures: number,
  processors = availableParallelism(),
  given = process.env.UV_THREADPOOL_SIZE,
): string[] {
  const threads = Number(given) || USUAL_THREADS;
  if (pictures < MANY || threads >= processors) return [];
  return [
    `pictures are read by ${threads} threads on ${processors} processors: with UV_THREADPOOL_SIZE=${processors} in the environment it takes less time`,
  ];
}
