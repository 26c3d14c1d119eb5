/** The latest weights that a run has kept: of a finished run the final ones. */
import type { GivenCoordinatorOptions } from '../../coordinator/options/options.js';
import type { CheckpointState } from '../../coordinator/record/checkpoint/format.js';
import { readLatest } from '../../coordinator/record/checkpoint/reader.js';
import { runFolder } from '../../coordinator/record/folder/run-folder.js';
import { readConfiguration } from '../../coordinator/record/folder/stored-configuration.js';
import { UserError } from '../../shared/user-error.js';

export interface LastWeights {
  state: CheckpointState;
  configuration: GivenCoordinatorOptions;
  /** The weights that the run evaluates: their moving average, if it keeps one. */
  weights: Float32Array;
  /** Whether they are that average. */
  averaged: boolean;
}

/** @throws UserError if the folder holds no run, or the run no checkpoint that can be read */
export async function lastWeights(runDir: string): Promise<LastWeights> {
  const folder = runFolder(runDir);
  const configuration = await readConfiguration(folder);
  const checkpoint = await readLatest(folder.checkpoints, (text) => console.error(text));
  if (!checkpoint)
    throw new UserError(`${folder.dir} has no checkpoint yet: wait for the first one, or train further`);
  const { state, sections } = checkpoint;
  const average = sections.get('average');
  return {
    ...{ state, configuration },
    weights: average ?? sections.get('weights')!,
    averaged: average !== undefined,
  };
}
