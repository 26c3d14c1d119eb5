/** The configuration in a run's folder: what the run started with, and what a resumed run may change of it. */
import { readFile } from 'node:fs/promises';
import { flagOf, readOptions } from '../../../shared/options/read-options.js';
import { messageOf, UserError } from '../../../shared/user-error.js';
import { checkTogether } from '../../options/check-together.js';
import {
  COORDINATOR_OPTIONS,
  type CoordinatorOptions,
  type GivenCoordinatorOptions,
  ofScope,
} from '../../options/options.js';
import { hashInName, isOwnData } from '../../prepare/data/arrays/own/own-name.js';
import { isModelModule } from '../../prepare/model/module/module-model.js';
import { isOwnLoss } from '../../prepare/model/traced/own-function.js';
import { OWNER_ONLY, writeJsonAtomically } from './atomic-file.js';

/** Where it lies. */
export interface ConfiguredFolder {
  dir: string;
  /** The file. */
  config: string;
}

/**
 * The options with which the run in `folder` goes on: its own, and over them what `given` may change.
 * @throws UserError if there is no run, or if `given` would make it another one
 */
export async function optionsToResume(
  folder: ConfiguredFolder,
  given: GivenCoordinatorOptions,
): Promise<GivenCoordinatorOptions> {
  const stored = await readConfiguration(folder);
  // Files may have moved: what they hold is compared once the checkpoint that tells of it is read.
  const { data: _, ...others } = ofScope(given, 'result');
  for (const name of Object.keys(others) as (keyof typeof others)[]) refuseOther(folder, name, given, stored);
  const changes = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const merged: GivenCoordinatorOptions = { ...stored, ...changes };
  // The two say the same thing in two ways: the one given now replaces the other.
  if (given.steps !== undefined && given.epochs === undefined) delete merged.epochs;
  if (given.epochs !== undefined && given.steps === undefined) delete merged.steps;
  checkTogether(merged);
  return merged;
}

/**
 * Without a checkpoint nothing tells what the data of the run held: it must lie where it lay.
 * @throws UserError
 */
export async function refuseMovedData(
  folder: ConfiguredFolder,
  given: GivenCoordinatorOptions,
): Promise<void> {
  if (given.data !== undefined) refuseOther(folder, 'data', given, await readConfiguration(folder));
}

/**
 * Data that a program gave lie nowhere: the program must give them again.
 * @throws UserError where it does not, or gives others
 */
export async function refuseOtherOwnData(
  folder: ConfiguredFolder,
  { data: now }: GivenCoordinatorOptions,
): Promise<void> {
  const { data: before = '' } = await readConfiguration(folder);
  if (!isOwnData(before) || now === before) return;
  if (now === undefined)
    throw new UserError(
      `the run in ${folder.dir} was started with a program's own data (${before}): resume it with the same data, startCoordinator({ data, resume: true, ... }), or name them by --data`,
      2,
    );
  if (isOwnData(now))
    throw new UserError(
      `the data given are not those with which the run in ${folder.dir} was started: their SHA-256 was ${hashInName(before)}, and is ${hashInName(now)}; give the same data, or start anew in another --run-dir`,
      2,
    );
}

function refuseOther(
  { dir }: ConfiguredFolder,
  name: keyof GivenCoordinatorOptions,
  { [name]: now }: GivenCoordinatorOptions,
  { [name]: before }: GivenCoordinatorOptions,
): void {
  if (now === before || areCompared(name, now, before)) return;
  const text = `${flagOf(name)} ${now}: the run in ${dir} has ${before ?? 'none'}; leave the option out, or use another --run-dir`;
  throw new UserError(text, 2);
}

/**
 * The graphs of losses of one's own are compared once they are traced, and programs by their hash: where a file lies
 * decides nothing.
 */
const areCompared = (name: string, ...values: unknown[]): boolean =>
  (name === 'loss' && values.every(isOwnLoss)) ||
  (name === 'model' && values.every((value) => typeof value === 'string' && isModelModule(value)));

/** Stores the configuration of a run that goes on. */
export function storeConfiguration(folder: ConfiguredFolder, options: CoordinatorOptions): Promise<void> {
  return writeJsonAtomically(folder.config, storedPart(options), OWNER_ONLY);
}

/** @throws UserError if the folder holds no run, or its configuration cannot be read */
export async function readConfiguration(folder: ConfiguredFolder): Promise<GivenCoordinatorOptions> {
  let text: string;
  try {
    text = await readFile(folder.config, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new UserError(
        `${folder.dir} holds no run (no config.json): give the folder of a run that was started`,
        2,
      );
    }
    throw new UserError(messageOf(error), 2);
  }
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw new UserError(
      `${folder.config} is not JSON (${messageOf(error)}): fix it, or start anew in another --run-dir`,
    );
  }
  const stored = readOptions(COORDINATOR_OPTIONS, raw, { where: folder.config });
  const lacking: string[] = ALWAYS_STORED.filter((name) => stored[name] === undefined);
  if (stored.epochs === undefined && stored.steps === undefined) lacking.push('epochs');
  if (lacking.length > 0) throw new UserError(`${folder.config} lacks ${lacking.join(', ')}: ${PUT_BACK}`);
  return stored;
}

/** Every run has decided these when it starts: where one is missing, a default would take its place unseen. */
const ALWAYS_STORED = ['data', 'model', 'seed', 'batchSize', 'shards', 'optimizer', 'lr'] as const;

const PUT_BACK = 'put back what the run was started with, or start anew in another --run-dir';

/**
 * Holds the configuration with which a run is to go on against that of its checkpoint.
 * @throws UserError where they would not give the same weights
 */
export function refuseOtherConfiguration(
  { config }: ConfiguredFolder,
  configuration: GivenCoordinatorOptions,
  trained: GivenCoordinatorOptions,
): void {
  const now = ofScope(configuration, 'result');
  const names = Object.keys(COORDINATOR_OPTIONS) as (keyof GivenCoordinatorOptions)[];
  for (const name of names.filter((name) => COORDINATOR_OPTIONS[name].scope === 'result')) {
    // By what it holds, not by where it lies: origins.ts.
    if (name === 'data') continue;
    const before = trained[name] ?? COORDINATOR_OPTIONS[name].default;
    if (now[name] === before || areCompared(name, now[name], before)) continue;
    throw new UserError(
      `${config} says ${name} ${now[name] ?? 'none'}, its checkpoint was made with ${before ?? 'none'}: ${PUT_BACK}`,
    );
  }
}

/** What of the options stands in it. */
export const storedPart = (options: CoordinatorOptions) => ofScope(options, 'result', 'operation');
