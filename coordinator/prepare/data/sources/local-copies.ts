/** Addresses in a spec, fetched: sources read files, and people read addresses. */
import { UserError } from '../../../../shared/user-error.js';
import { isAddress, shownAddress } from '../files/address/address.js';
import { type Fetching, fetchedFile, fetchedFrom, folderOf } from '../files/address/cache.js';
import type { DataSet, DataSource } from '../source.js';
import { escapedPath, type SpecOptions } from '../spec.js';

type Paths = Pick<DataSource, 'scheme' | 'pathOptions' | 'fetchFolder' | 'isRun'>;

/** A spec's path and options with copies in place of addresses. */
export interface LocalCopies {
  path: string;
  options: SpecOptions;
  /** `text` with the addresses that people know in place of the copies. */
  told(text: string): string;
}

/** @throws UserError where something cannot be fetched, or is not to be */
export async function localCopies(
  source: Paths,
  path: string,
  options: SpecOptions,
  fetching: Fetching,
): Promise<LocalCopies> {
  const copies: [local: string, address: string][] = [];
  const copyOf = async (address: string): Promise<string> => {
    if (source.isRun)
      throw new UserError(
        `--data ${source.scheme}:${shownAddress(address)}: a module is run with your rights, so it is taken from a file alone: fetch it and look at it first`,
        2,
      );
    const local = await fetched(source, address, fetching);
    copies.push([local, shownAddress(address)]);
    return local;
  };
  const local = isAddress(path) ? await copyOf(path) : path;
  let localOptions = options;
  for (const name of source.pathOptions ?? []) {
    const value = options.get(name);
    if (value !== undefined && isAddress(value))
      localOptions = localOptions.with(name, escapedPath(await copyOf(value)));
  }
  const told = (text: string) =>
    copies.reduce((text, [local, address]) => text.replaceAll(local, address), text);
  return { path: local, options: localOptions, told };
}

async function fetched(source: Paths, address: string, fetching: Fetching): Promise<string> {
  if (!source.fetchFolder) return fetchedFile(address, fetching);
  const dir = folderOf(address);
  await source.fetchFolder((names, isOptional) => fetchedFrom(address, names, fetching, isOptional), dir);
  return dir;
}

/** What is told of the data, with addresses in place of copies. */
export function toldByAddress(data: DataSet, told: LocalCopies['told']): DataSet {
  const { name, notes, warnings, parts } = data;
  return {
    ...data,
    name: told(name),
    ...(notes && { notes: notes.map(told) }),
    ...(warnings && { warnings: warnings.map(told) }),
    ...(parts && { parts: { ...parts, train: told(parts.train), test: told(parts.test) } }),
  };
}

/** Runs `read`, whose errors name addresses. */
export async function withAddresses<T>(told: LocalCopies['told'], read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const message = told(error.message);
    throw message === error.message ? error : new UserError(message, error.exitCode, { cause: error });
  }
}
