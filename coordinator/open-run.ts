/** Options in, the run's folder and configuration out: of a new run, or of one that goes on. */
import { resolve } from 'node:path';
import { COORDINATOR_OPTIONS, type GivenCoordinatorOptions } from '../shared/options.js';
import { checkTogether, readOptions } from '../shared/read-options.js';
import { type Configuration, configure } from './configure.js';
import { absoluteData } from './data/sources.js';
import type { ModelFunction } from './model/build-model.js';
import { absoluteModel } from './model/model-spec.js';
import { type Checkpoint, readLatest } from './record/checkpoint-reader.js';
import {
  createRun,
  folderForNewRun,
  holdsRun,
  optionsToResume,
  type RunFolder,
  runFolder,
  storeConfiguration,
} from './record/run-folder.js';
import { type Fence, newFence, type RunLock } from './record/run-lock.js';

/** The options of the command line in camelCase; `model` may also be a function that builds one. */
export type StartCoordinatorOptions = Omit<GivenCoordinatorOptions, 'model'> & {
  model?: string | ModelFunction | undefined;
};

export interface OpenedRun {
  folder: RunFolder;
  configuration: Configuration;
  modelFunction: ModelFunction | undefined;
  fence: Fence;
  /** What a run that goes on begins with; undefined: it has no checkpoint, or is new. */
  stored: Checkpoint | undefined;
  /** Makes the folder this run's. Until then a new run has written nothing, and locked nothing. */
  own(): Promise<void>;
}

/** @throws UserError for options that cannot be used, or a folder that holds or serves another run */
export async function openRun(
  options: StartCoordinatorOptions,
  lock: RunLock,
  warn: (text: string) => void,
): Promise<OpenedRun> {
  const { given, modelFunction } = readGiven(options);
  const folder = given.resume ? runFolder(given.runDir!) : folderForNewRun(given);
  if (given.resume) {
    const configuration = configure(await optionsToResume(folder, given));
    const fence = await lock.acquire(folder, warn);
    const stored = await readLatest(folder.checkpoints, warn);
    const own = () => storeConfiguration(folder, configuration);
    return { folder, configuration, modelFunction, fence, stored, own };
  }
  const configuration = configure(given);
  const fence = newFence();
  const own = async () => {
    await createRun(folder, configuration);
    await lock.acquire(folder, warn, fence);
  };
  return { folder, configuration, modelFunction, fence, stored: undefined, own };
}

/** Paths become absolute: a run can be resumed from any folder. @throws UserError */
function readGiven({ model, ...rest }: StartCoordinatorOptions) {
  const isFunction = typeof model === 'function';
  const raw = { ...rest, model: isFunction ? 'function' : model };
  const given = readOptions(COORDINATOR_OPTIONS, raw, { where: 'startCoordinator' });
  checkTogether(given);
  if (given.startOrResume) given.resume = holdsRun(given.runDir!);
  if (given.data !== undefined) given.data = absoluteData(given.data);
  if (given.model !== undefined) given.model = absoluteModel(given.model);
  for (const name of ['tokens', 'tlsCert', 'tlsKey'] as const) {
    if (given[name] !== undefined) given[name] = resolve(given[name]);
  }
  return { given, modelFunction: isFunction ? model : undefined };
}
