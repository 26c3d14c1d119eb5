/**
 * Loads a model's module in Node: from the bytes that were hashed, as an address of their own, and not from the disk
 * again. So exactly what was compared runs, and a module in which another file takes part is refused: nobody would have
 * compared that one.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Forward, holdForward } from '../../../shared/models/layers/define-by-run.js';
import type { ModelModule } from '../../../shared/models/layers/model-module.js';
import { messageOf, UserError } from '../../../shared/user-error.js';

export interface LoadedModule {
  module: ModelModule;
  /** What its export `parameters` says, unchecked. */
  parameters: unknown;
}

const FORM = 'export function forward({ tf, weights, record }) { ... }';

/** @param flag which option names the file. @throws UserError where there is no such file */
export const identifyModule = (file: string, flag: string): ModelModule =>
  identityOf(file, bytesOf(file, flag));

/**
 * Holds a file against the program that a model was built with.
 * @param file undefined: nobody has named one
 * @returns the file
 * @throws UserError with both hashes, where it is another one
 */
export function sameModule(wanted: ModelModule, file: string | undefined, flag: string): string {
  if (file === undefined)
    throw new UserError(
      `the model is a program: ${flag} ${wanted.name} is missing (SHA-256 ${wanted.sha256})`,
      2,
    );
  const { sha256 } = identifyModule(file, flag);
  if (sha256 === wanted.sha256) return file;
  throw new UserError(
    `${flag} ${file} is not the program of the model: its SHA-256 is ${sha256}, that of the model's ${wanted.name} is ${wanted.sha256}; give the file with which the run began`,
    2,
  );
}

/**
 * From now on this thread can compute models of this program.
 * @throws UserError where the file is missing, throws, imports another, or exports no `forward`
 */
export async function loadModule(file: string, flag: string): Promise<LoadedModule> {
  const bytes = bytesOf(file, flag);
  const module = identityOf(file, bytes);
  const { forward, parameters } = await evaluated(file, bytes, `${flag} ${file}`);
  if (typeof forward !== 'function')
    throw new UserError(`${flag} ${file} exports no function forward: ${FORM}`, 2);
  holdForward(module, forward as Forward);
  return { module, parameters };
}

function bytesOf(file: string, flag: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new UserError(`${flag} ${file}: ${isMissing ? 'no such file' : messageOf(error)}`, 2);
  }
}

const identityOf = (file: string, bytes: Buffer): ModelModule => ({
  name: basename(file),
  sha256: createHash('sha256').update(bytes).digest('hex'),
});

async function evaluated(file: string, bytes: Buffer, what: string): Promise<Record<string, unknown>> {
  // Stacks then name the file.
  const source = `${bytes}\n//# sourceURL=${pathToFileURL(resolve(file))}`;
  const address = `data:text/javascript;base64,${Buffer.from(source).toString('base64')}`;
  try {
    return await import(/* @vite-ignore */ address);
  } catch (error) {
    const [reason] = messageOf(error).split('\n');
    const isImport = /resolve|specifier|Invalid relative URL/i.test(reason!);
    const remedy = isImport
      ? 'a model is one file, so that it can be compared: tf is handed to it, and it may import Node\'s own modules alone, by "node:..."'
      : '--verbose shows where';
    const told = isImport ? 'imports another file' : `has thrown: ${reason}`;
    throw new UserError(`${what} ${told} (${remedy})`, 2, { cause: error });
  }
}
