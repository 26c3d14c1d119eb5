/**
 * checkpoints/best.ckpt: the checkpoint whose weights are the best of what a run is watched by. It is the checkpoint of
 * its step under a second name, which no newer checkpoint replaces but a better one.
 */
import { join } from 'node:path';
import { linkAtomically } from '../folder/atomic-file.js';
import { checkpointName } from '../folder/run-folder.js';
import { type Checkpoint, readCheckpoint } from './reader.js';

export const bestPath = (dir: string): string => join(dir, 'best.ckpt');

/** @param path of the checkpoint whose weights are the best so far. @throws errors of the file system */
export const keepAsBest = (dir: string, path: string): Promise<void> => linkAtomically(path, bestPath(dir));

/** @param step with the best weights. @returns undefined where neither file of it can be read */
export async function readBest(dir: string, step: number): Promise<Checkpoint | undefined> {
  // The second name may be missing: the coordinator was killed between the two, or the disk was full.
  for (const path of [bestPath(dir), join(dir, checkpointName(step))]) {
    const found = await readCheckpoint(path).catch(() => undefined);
    if (found?.state.progress.step === step) return found;
  }
  return undefined;
}
