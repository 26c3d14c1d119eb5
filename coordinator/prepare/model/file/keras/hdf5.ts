/** HDF5 files, in which Keras keeps weights: the texts that they are marked with, and their arrays by path. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf, UserError } from '../../../../../shared/user-error.js';

type H5 = typeof import('h5wasm/node');
type H5File = InstanceType<H5['File']>;

export interface StoredArray {
  /** Groups and the array's own name, joined by slashes. */
  path: string;
  shape: number[];
  values: Float32Array;
}

export interface Hdf5 {
  /** Attributes of the file that are texts. */
  texts: Readonly<Record<string, string>>;
  arrays: StoredArray[];
}

/** Paths of what optimizers and metrics keep, and of counters of random numbers. */
export const IN_TRAINING =
  /^\/?(optimizer|optimizer_weights|metrics|_?compile_metrics)\/|(^|\/)(seed_generator|random_generator)\//;

const SIGNATURE = Buffer.from('\x89HDF\r\n\x1a\n', 'latin1');

export const isHdf5 = (bytes: Uint8Array): boolean => SIGNATURE.equals(bytes.subarray(0, SIGNATURE.length));

/**
 * @param what the file, as messages call it
 * @param wanted which arrays are read, by their paths
 * @throws UserError for a file that is not whole, or has values of another kind than numbers; and without `h5wasm`
 */
export async function readHdf5(
  bytes: Uint8Array,
  what: string,
  wanted: (path: string) => boolean = () => true,
): Promise<Hdf5> {
  const h5 = await loadH5(what);
  // The library opens files alone.
  const folder = await mkdtemp(join(tmpdir(), 'swarmgrad-hdf5-'));
  try {
    const path = join(folder, 'file.h5');
    await writeFile(path, bytes);
    return readFrom(h5, path, what, wanted);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @param load h5wasm. @throws UserError if it is not installed */
export async function loadH5(what: string, load = () => import('h5wasm/node')): Promise<H5> {
  try {
    const h5 = await load();
    const module = await h5.ready;
    // Otherwise the library writes failures to the terminal, and goes on.
    module.activate_throwing_error_handler();
    return h5;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new UserError(`${what} needs h5wasm to be read: npm install h5wasm`, 2);
  }
}

function readFrom(h5: H5, path: string, what: string, wanted: (path: string) => boolean): Hdf5 {
  let file: H5File | undefined;
  try {
    file = new h5.File(path, 'r');
    const texts = Object.entries(file.attrs).flatMap(([name, { value }]) =>
      typeof value === 'string' ? [[name, value]] : [],
    );
    const arrays = file
      .paths()
      .filter(wanted)
      .flatMap((name) => arrayOf(h5, file!, name, what));
    return { texts: Object.fromEntries(texts), arrays };
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${what} is no whole HDF5 file (${reasonOf(error)}): fetch or save it again`, 2);
  } finally {
    file?.close();
  }
}

/** HDF5 tells what each of its functions thinks of a failure, down to the one that met it. */
function reasonOf(error: unknown): string {
  const told = messageOf(error);
  const [, reason = told] = [...told.matchAll(/\(\): (.*)/g)].at(-1) ?? [];
  return reason.trim().split('\n')[0]!.slice(0, 200);
}

function arrayOf(h5: H5, file: H5File, name: string, what: string): StoredArray[] {
  const found = file.get(name);
  if (!(found instanceof h5.Dataset)) return [];
  const path = name.replace(/^\//, '');
  const { shape, metadata } = found;
  // Classes 0 and 1 are whole numbers and those with fractions; the library has no halves.
  if (!shape || metadata.type > 1 || (metadata.type === 1 && metadata.size < 4))
    throw new UserError(
      `${what}: ${path} holds ${found.dtype}, and weights are float32: save it as float32`,
      2,
    );
  const { value } = found;
  const values = ArrayBuffer.isView(value) ? Array.from(value as Float32Array, Number) : [Number(value)];
  return [{ path, shape: [...shape], values: Float32Array.from(values) }];
}
