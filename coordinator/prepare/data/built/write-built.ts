/** `swarmgrad data build`: a data set as files that any coordinator, or any web server, can serve chunk by chunk. */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Manifest } from '../../../../shared/data/manifest.js';
import { messageOf, UserError } from '../../../../shared/user-error.js';
import type { DataSet } from '../source.js';
import { storeSplit } from '../store.js';
import { ChunkWriter, writeWhole } from './chunk-folder.js';

/** Only where records follow each other: what a validation set must know of them. */
export const SEQUENCE = 'sequence.json';
export const MANIFESTS = { train: 'train.json', test: 'test.json' } as const;

export type BuiltManifests = Record<keyof typeof MANIFESTS, Manifest>;

/**
 * Writes the chunks, and then the manifests: a folder with both of these is whole. Chunks of a build that was broken
 * off are used again.
 * @throws UserError where the folder holds something else, or cannot be written
 */
export function writeBuilt(data: DataSet, dir: string): BuiltManifests {
  refuseOther(dir);
  // Paths of this machine are nobody else's business.
  const named = { ...data, name: withoutFolder(data.name) };
  try {
    mkdirSync(dir, { recursive: true });
    const chunks = new ChunkWriter(dir);
    const manifests = { train: storeSplit(chunks, named, 'train'), test: storeSplit(chunks, named, 'test') };
    if (data.sequence) writeWhole(join(dir, SEQUENCE), `${JSON.stringify(data.sequence)}\n`);
    for (const split of ['test', 'train'] as const)
      writeWhole(join(dir, MANIFESTS[split]), `${JSON.stringify(manifests[split])}\n`);
    return manifests;
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`--to ${dir}: ${messageOf(error)}; make room, or give another folder`);
  }
}

function refuseOther(dir: string): void {
  if (!existsSync(dir)) return;
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch (error) {
    throw new UserError(`--to ${dir} is no folder (${messageOf(error)}): give another one`, 2);
  }
  if (Object.values(MANIFESTS).every((name) => names.includes(name)))
    throw new UserError(`--to ${dir} holds a built set already: give another folder, or remove it`, 2);
  const other = names.find((name) => name !== 'chunks' && !/^(train|test|sequence)\.json/.test(name));
  if (other !== undefined)
    throw new UserError(`--to ${dir} holds other files (${other}): give a new or an empty folder`, 2);
}

function withoutFolder(name: string): string {
  const [, scheme = '', path = ''] = /^([^:]*):?(.*)$/s.exec(name)!;
  return path === '' ? scheme : `${scheme}:${basename(path)}`;
}
