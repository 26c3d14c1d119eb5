/**
 * Takes a run back to its best checkpoint: newer ones are set aside under another name, so that the next start goes on
 * from there. Nothing is deleted: who regrets it takes the suffix off again.
 */
import { join } from 'node:path';
import { UserError } from '../../../shared/user-error.js';
import { linkAtomically } from '../folder/atomic-file.js';
import { disk } from '../folder/disk.js';
import { checkpointName } from '../folder/run-folder.js';
import { bestPath, readBest } from './best.js';
import { listCheckpoints } from './reader.js';

const ASIDE = '.undone';

/** @param step of the best weights. @throws UserError where there is no checkpoint of it */
export async function rollBack(dir: string, step: number): Promise<void> {
  if (!(await readBest(dir, step)))
    throw new UserError(
      `${dir} has no checkpoint of step ${step}: the run can go on from its last one alone`,
    );
  const kept = await listCheckpoints(dir);
  if (!kept.some((checkpoint) => checkpoint.step === step))
    await linkAtomically(bestPath(dir), join(dir, checkpointName(step)));
  for (const { path } of kept.filter((checkpoint) => checkpoint.step > step))
    await disk.rename(path, path + ASIDE);
}
