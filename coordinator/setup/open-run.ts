/** Options in, the run's folder and configuration out: of a new run, or of one that goes on. */
import { resolve } from 'node:path';
import { readOptions } from '../../shared/options/read-options.js';
import type { RunEvent } from '../../shared/status/events.js';
import { checkTogether } from '../options/check-together.js';
import { COORDINATOR_OPTIONS, type GivenCoordinatorOptions } from '../options/options.js';
import { absoluteData } from '../prepare/data/sources/sources.js';
import type { ModelFunction, ModelSource } from '../prepare/model/build-model.js';
import { absoluteModel } from '../prepare/model/model-spec.js';
import { type Checkpoint, readLatest } from '../record/checkpoint/reader.js';
import {
  createRun,
  folderForNewRun,
  holdsRun,
  type RunFolder,
  runFolder,
} from '../record/folder/run-folder.js';
import {
  optionsToResume,
  refuseMovedData,
  refuseOtherConfiguration,
  storeConfiguration,
} from '../record/folder/stored-configuration.js';
import { firstGeneration, type RunGeneration } from '../record/lock/generation.js';
import { RunLock } from '../record/lock/run-lock.js';
import type { Cleanup } from './cleanup.js';
import { type Configuration, configure } from './configure.js';

/** The options of the command line in camelCase; `model` may also be a function that builds one. */
export type StartCoordinatorOptions = Omit<GivenCoordinatorOptions, 'model'> & {
  model?: string | ModelFunction | undefined;
};

export interface OpenedRun {
  folder: RunFolder;
  configuration: Configuration;
  /** What the model is made from: that of the checkpoint, a function, or a spec. */
  model: ModelSource;
  lock: RunLock;
  generation: RunGeneration;
  /** What a run that goes on begins with; undefined: it has no checkpoint, or is new. */
  stored: Checkpoint | undefined;
  /** Makes the folder this run's. Until then a new run has written nothing, and locked nothing. */
  claimFolder(): Promise<void>;
}

/** Tells people, and whoever watches. */
export interface Announcer {
  tell(event: RunEvent): void;
  warn(text: string): void;
}

/**
 * @param check throws for a configuration that a server would refuse: before anything of the run is touched
 * @throws UserError for options that cannot be used, or a folder that holds or serves another run
 */
export async function openRun(
  options: StartCoordinatorOptions,
  check: (configuration: Configuration) => void,
  { warn }: Announcer,
  cleanup: Cleanup,
): Promise<OpenedRun> {
  const { given, modelFunction } = readGiven(options);
  const lock = new RunLock();
  cleanup.defer(() => lock.release());
  const folder = given.resume ? runFolder(given.runDir!) : folderForNewRun(given);
  if (given.resume) {
    const configuration = configure(await optionsToResume(folder, given));
    check(configuration);
    const generation = await lock.acquire(folder, warn);
    const stored = await readLatest(folder.checkpoints, warn);
    if (stored) refuseOtherConfiguration(folder, configuration, stored.state.configuration);
    else await refuseMovedData(folder, given);
    // The file or function that built its model is not needed.
    const model = stored?.state.model ?? modelFunction ?? configuration.model;
    const claimFolder = () => storeConfiguration(folder, configuration);
    return { folder, configuration, model, lock, generation, stored, claimFolder };
  }
  const configuration = configure(given);
  check(configuration);
  const generation = firstGeneration();
  const claimFolder = async () => {
    await createRun(folder, configuration);
    await lock.acquire(folder, warn, generation);
  };
  const model = modelFunction ?? configuration.model;
  return { folder, configuration, model, lock, generation, stored: undefined, claimFolder };
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
