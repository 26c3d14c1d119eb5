/** Options in, the run's folder and configuration out: of a new run, or of one that goes on. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { LossName } from '../../shared/numerics/losses.js';
import { readOptions } from '../../shared/options/read-options.js';
import type { RunEvent } from '../../shared/status/events.js';
import { checkTogether } from '../options/check-together.js';
import { COORDINATOR_OPTIONS, type GivenCoordinatorOptions } from '../options/options.js';
import { readOwnData } from '../prepare/data/arrays/own/open-own.js';
import type { OwnDataSet, OwnNamedDataSet } from '../prepare/data/arrays/own/own-data-set.js';
import type { GivenData } from '../prepare/data/source.js';
import { absoluteData, shownData } from '../prepare/data/sources/sources.js';
import type { ModelFunction, ModelSource } from '../prepare/model/build-model.js';
import { absoluteModel, modelFrom, weightsFrom } from '../prepare/model/file/model-spec.js';
import {
  absoluteLoss,
  isOwnLoss,
  type LossSource,
  type OwnFunction,
} from '../prepare/model/traced/own-function.js';
import { absoluteMetrics, metricsOfProgram, type OwnMetrics } from '../prepare/model/traced/own-metrics.js';
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
  refuseOtherOwnData,
  storeConfiguration,
} from '../record/folder/stored-configuration.js';
import { firstGeneration, type RunGeneration } from '../record/lock/generation.js';
import { RunLock } from '../record/lock/run-lock.js';
import type { Cleanup } from './cleanup.js';
import { type Configuration, configure } from './configure.js';

/**
 * The options of the command line in camelCase; `model` may also be a function that builds one, `loss` one that makes a
 * loss, or an object of one for each output, and `data` the program's own: a run of these is resumed with the same data given again.
 */
export type StartCoordinatorOptions = Omit<
  GivenCoordinatorOptions,
  'model' | 'data' | 'loss' | 'lossWeights' | 'metrics'
> & {
  model?: string | ModelFunction | undefined;
  data?: string | OwnDataSet | OwnNamedDataSet | undefined;
  lossWeights?: string | Readonly<Record<string, number>> | undefined;
  loss?: LossSource | Readonly<Record<string, LossName>> | undefined;
  metrics?: string | OwnMetrics | undefined;
};

export interface OpenedRun {
  folder: RunFolder;
  configuration: Configuration;
  /** What the data are read from: a spec, or what the program has given. */
  data: string | GivenData;
  /** What the model is made from: that of the checkpoint, a function, or a spec. */
  model: ModelSource;
  /** What the loss is made from; undefined: the checkpoint has it, or the default is meant. */
  loss: LossSource | undefined;
  /** Whether `--from` was given with this call, and not by the run's own configuration. */
  isFromGiven: boolean;
  /** Metrics that the program has given. */
  ownMetrics: Record<string, OwnFunction>;
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
  const { given, modelFunction, lossFunction, ownMetrics, source } = await readGiven(options);
  const isFromGiven = options.from !== undefined;
  const lock = new RunLock();
  cleanup.defer(() => lock.release());
  const folder = given.resume ? runFolder(given.runDir!) : folderForNewRun(given);
  if (given.resume) {
    const configuration = configure(await optionsToResume(folder, given));
    check(configuration);
    await refuseOtherOwnData(folder, given);
    const data = source ?? configuration.data;
    const generation = await lock.acquire(folder, warn);
    const stored = await readLatest(folder.checkpoints, warn);
    if (stored) refuseOtherConfiguration(folder, configuration, stored.state.configuration);
    else await refuseMovedData(folder, given);
    // The file or function that built its model is not needed.
    const model = stored?.state.model ?? modelFunction ?? configuration.model;
    // Nor that of its loss: one that is given again is held against it.
    const isKept = stored && given.loss === undefined && isOwnLoss(configuration.loss);
    const loss = lossFunction ?? (isKept ? undefined : configuration.loss);
    const claimFolder = () => storeConfiguration(folder, configuration);
    const parts = { folder, configuration, data, model, isFromGiven, ownMetrics };
    return { ...parts, loss, lock, generation, stored, claimFolder };
  }
  const configuration = configure(given);
  check(configuration);
  const generation = firstGeneration();
  const claimFolder = async () => {
    await createRun(folder, configuration);
    await lock.acquire(folder, warn, generation);
  };
  const model = modelFunction ?? configuration.model;
  const data = source ?? configuration.data;
  const loss = lossFunction ?? configuration.loss;
  return {
    folder,
    configuration,
    data,
    model,
    loss,
    isFromGiven,
    ownMetrics,
    lock,
    generation,
    stored: undefined,
    claimFolder,
  };
}

/**
 * Paths become absolute: a run can be resumed from any folder. A program's own data are read here: they are known by
 * what they hold.
 * @throws UserError
 */
async function readGiven({ model, data, loss, metrics, ...rest }: StartCoordinatorOptions) {
  const isFunction = typeof model === 'function';
  const own = typeof data === 'object' ? await readOwnData(data) : undefined;
  const lossFunction = typeof loss === 'function' ? loss : undefined;
  const program = typeof metrics === 'object' ? metricsOfProgram(metrics) : undefined;
  const raw = {
    ...rest,
    metrics: program?.text ?? metrics,
    data: own?.name ?? data,
    model: isFunction ? 'function' : model,
    loss: lossFunction ? 'function' : loss,
  };
  const given = readOptions(COORDINATOR_OPTIONS, raw, { where: 'startCoordinator' });
  checkTogether(given);
  if (given.startOrResume) given.resume = holdsRun(given.runDir!);
  // Credentials in an address are written nowhere: the run's own configuration goes without them.
  const spec = given.data === undefined ? undefined : absoluteData(given.data);
  if (spec !== undefined) given.data = shownData(spec);
  if (given.from !== undefined) {
    // Beside a model it names the weights alone.
    if (given.model === undefined) given.model = modelFrom(given.from);
    // A run that goes on needs the file no more.
    else given.from = given.resume && !existsSync(given.from) ? resolve(given.from) : weightsFrom(given.from);
    if (model === undefined) delete given.from;
  }
  if (given.model !== undefined) given.model = absoluteModel(given.model);
  if (given.loss !== undefined) given.loss = absoluteLoss(given.loss);
  if (given.metrics !== undefined) given.metrics = absoluteMetrics(given.metrics);
  for (const name of ['tokens', 'tlsCert', 'tlsKey'] as const) {
    if (given[name] !== undefined) given[name] = resolve(given[name]);
  }
  return {
    given,
    modelFunction: isFunction ? model : undefined,
    lossFunction,
    ownMetrics: program?.functions ?? {},
    source: own ?? spec,
  };
}
