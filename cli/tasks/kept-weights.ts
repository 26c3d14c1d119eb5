/** The weights that a run has kept: the best ones where it looks for them, else the latest. */
import { Option } from 'commander';
import type { GivenCoordinatorOptions } from '../../coordinator/options/options.js';
import { moduleFile } from '../../coordinator/prepare/model/module/module-model.js';
import { readBest } from '../../coordinator/record/checkpoint/best.js';
import type { CheckpointState } from '../../coordinator/record/checkpoint/format.js';
import { type Checkpoint, readLatest } from '../../coordinator/record/checkpoint/reader.js';
import { type RunFolder, runFolder } from '../../coordinator/record/folder/run-folder.js';
import { readConfiguration } from '../../coordinator/record/folder/stored-configuration.js';
import { loadModule, sameModule } from '../../engine/node/module/load-module.js';
import { weightsOfModel } from '../../shared/numerics/rounds/round-layout.js';
import { UserError } from '../../shared/user-error.js';

export type WhichWeights = 'last' | 'best';

export const weightsFlag = (): Option =>
  new Option(
    '--weights <WHICH>',
    'last, or best: of the best evaluation (default: best with --patience or --monitor)',
  ).choices(['last', 'best'] satisfies WhichWeights[]);

/** Of commands that compute with a run's model. */
export const modelFileFlag = (): Option =>
  new Option(
    '--model-file <FILE.mjs>',
    "the program of a model that is one (default: the run's own --model)",
  );

export interface KeptWeights {
  state: CheckpointState;
  configuration: GivenCoordinatorOptions;
  /** In the form that the run evaluates: their moving average, if it keeps one. */
  weights: Float32Array;
  /** Whether they are that average. */
  averaged: boolean;
}

/**
 * @param which undefined: the best ones of a run with `--patience` or `--monitor`, of others the last
 * @throws UserError if the folder holds no run, or the run no such checkpoint that can be read
 */
export async function keptWeights(runDir: string, which: WhichWeights | undefined): Promise<KeptWeights> {
  const folder = runFolder(runDir);
  const configuration = await readConfiguration(folder);
  const last = await readLatest(folder.checkpoints, (text) => console.error(text));
  if (!last)
    throw new UserError(`${folder.dir} has no checkpoint yet: wait for the first one, or train further`);
  const { state, sections } = which === 'last' ? last : await bestOf(folder, last, which === 'best');
  const average = sections.get('average');
  return {
    ...{ state, configuration },
    weights: weightsOfModel(average ?? sections.get('weights')!, state.model.weights),
    averaged: average !== undefined,
  };
}

/**
 * Where the model is a program, this process can then compute it.
 * @param file undefined: where the run's own lies
 * @throws UserError where it is another one, or missing
 */
export async function loadProgram(
  { state, configuration }: Pick<KeptWeights, 'state' | 'configuration'>,
  file: string | undefined,
): Promise<void> {
  const { module } = state.model;
  if (module)
    await loadModule(
      sameModule(module, file ?? moduleFile(configuration.model), '--model-file'),
      '--model-file',
    );
  else if (file !== undefined)
    throw new UserError(`--model-file ${file}: the model of this run is no program`, 2);
}

/** @param isAsked whether nothing else will do. @returns the best checkpoint, or `last` where none is sought yet */
async function bestOf({ dir, checkpoints }: RunFolder, last: Checkpoint, isAsked: boolean) {
  const { watched } = last.state.progress;
  if (!watched?.best) {
    if (!isAsked) return last;
    const why = watched ? 'no evaluation has come yet' : 'the run looks for none: --monitor loss does';
    throw new UserError(`${dir} has no best weights: ${why}; --weights last takes the latest`, 2);
  }
  const best = await readBest(checkpoints, watched.best.step);
  if (best) return best;
  throw new UserError(
    `${dir}: the best weights, of step ${watched.best.step}, cannot be read; --weights last takes the latest`,
  );
}
