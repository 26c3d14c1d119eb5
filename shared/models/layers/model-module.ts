/** A model as a module of the user's: a program that never travels. Who computes it holds the same file. */
import { UserError } from '../../user-error.js';

export interface ModelModule {
  /** The name of its file, without the folder: for people. */
  name: string;
  /** SHA-256 of the file's bytes. */
  sha256: string;
}

/** So much of a hash is told where there is little room. */
const TOLD = 12;

/**
 * @param held the file that this worker was given; undefined: none, as in every tab
 * @throws UserError whose first words fit the reason of a close
 */
export function refuseOtherModule(wanted: ModelModule | undefined, held: ModelModule | undefined): void {
  if (!wanted || held?.sha256 === wanted.sha256) return;
  const hash = wanted.sha256.slice(0, TOLD);
  if (!held)
    throw new UserError(
      `the model is a program, which only Node workers with its file compute: --model-file ${wanted.name} (SHA-256 ${hash}...) is missing`,
    );
  throw new UserError(
    `--model-file ${held.name} has SHA-256 ${held.sha256.slice(0, TOLD)}..., the run's ${wanted.name} has ${hash}...: copy the coordinator's file`,
  );
}
