/**
 * The folder of a run: its files and its owner. A folder belongs to one run for ever; the
 * configuration in it is what the run started with, and what a resumed run goes on with.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { flagOf, readOptions } from '../../../shared/options/read-options.js';
import { messageOf, UserError } from '../../../shared/user-error.js';
import { checkTogether } from '../../options/check-together.js';
import {
  COORDINATOR_OPTIONS,
  type CoordinatorOptions,
  type GivenCoordinatorOptions,
  ofScope,
} from '../../options/options.js';
import {
  createAtomically,
  jsonText,
  makeFolder,
  OWNER_ONLY,
  writeAll,
  writeJsonAtomically,
} from './atomic-file.js';
import { disk } from './disk.js';

export interface RunFolder {
  /** Absolute. */
  dir: string;
  config: string;
  metrics: string;
  checkpoints: string;
  model: string;
  summary: string;
  view: string;
  /** What was built of the model. */
  built: string;
  /** The file with the bans. */
  trust: string;
  /** The lock file of the coordinator that leads the run. */
  lock: string;
  /** The run's id, and how often it has been started. */
  generation: string;
}

/** Padded, so that a folder's listing is in order. */
export const checkpointName = (step: number): string => `step-${String(step).padStart(9, '0')}.ckpt`;

/** The step in a checkpoint's name; undefined for other files. */
export function stepOfName(name: string): number | undefined {
  const digits = /^step-(\d{9,})\.ckpt$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

export function runFolder(dir: string): RunFolder {
  const path = resolve(dir);
  return {
    dir: path,
    config: join(path, 'config.json'),
    metrics: join(path, 'metrics.jsonl'),
    checkpoints: join(path, 'checkpoints'),
    model: join(path, 'model'),
    summary: join(path, 'summary.json'),
    view: join(path, 'view.json'),
    built: join(path, 'built.jsonl'),
    trust: join(path, 'trust.json'),
    lock: join(path, 'coordinator.lock'),
    generation: join(path, 'generation.json'),
  };
}

export function holdsRun(dir: string): boolean {
  const folder = runFolder(dir);
  return existsSync(folder.config) && !isStillborn(folder);
}

/** What goes on with a run, for people to copy. */
export const resumeCommand = (dir: string): string => `npx swarmgrad coordinator --run-dir ${dir} --resume`;

/** Where a new run is to be kept. @throws UserError if there is a run already */
export function folderForNewRun(
  { runDir, data, model }: GivenCoordinatorOptions,
  now = new Date(),
): RunFolder {
  if (runDir !== undefined) {
    const folder = runFolder(runDir);
    refuseOtherRun(folder);
    return folder;
  }
  const name = [
    timestamp(now),
    nameOf(data ?? COORDINATOR_OPTIONS.data.default),
    nameOf(model ?? COORDINATOR_OPTIONS.model.default),
  ];
  let folder = runFolder(join('runs', name.join('-')));
  for (let again = 2; existsSync(folder.dir); again++)
    folder = runFolder(join('runs', [...name, again].join('-')));
  return folder;
}

/** Makes the folder and stores the configuration. @throws UserError */
export async function createRun(folder: RunFolder, options: CoordinatorOptions): Promise<void> {
  try {
    await makeFolder(folder.dir);
    refuseOtherRun(folder);
    if (isStillborn(folder)) await disk.rm(folder.config, { force: true });
    await createAtomically(
      folder.config,
      (file) => writeAll(file, jsonText(storedPart(options))),
      OWNER_ONLY,
    );
  } catch (error) {
    if (error instanceof UserError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') refuseOtherRun(folder);
    throw new UserError(
      `--run-dir ${folder.dir} cannot be used: ${messageOf(error)}; give another folder`,
      2,
    );
  }
}

/**
 * The options with which the run in `folder` goes on: its own, and over them what `given` may change.
 * @throws UserError if there is no run, or if `given` would make it another one
 */
export async function optionsToResume(
  folder: RunFolder,
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
export async function refuseMovedData(folder: RunFolder, given: GivenCoordinatorOptions): Promise<void> {
  if (given.data !== undefined) refuseOther(folder, 'data', given, await readConfiguration(folder));
}

function refuseOther(
  { dir }: RunFolder,
  name: keyof GivenCoordinatorOptions,
  { [name]: now }: GivenCoordinatorOptions,
  { [name]: before }: GivenCoordinatorOptions,
): void {
  if (now === before) return;
  const text = `${flagOf(name)} ${now}: the run in ${dir} has ${before ?? 'none'}; leave the option out, or use another --run-dir`;
  throw new UserError(text, 2);
}

/** Stores the configuration of a run that goes on. */
export function storeConfiguration(folder: RunFolder, options: CoordinatorOptions): Promise<void> {
  return writeJsonAtomically(folder.config, storedPart(options), OWNER_ONLY);
}

/** @throws UserError if the folder holds no run, or its configuration cannot be read */
export async function readConfiguration(folder: RunFolder): Promise<GivenCoordinatorOptions> {
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
  { config }: RunFolder,
  configuration: GivenCoordinatorOptions,
  trained: GivenCoordinatorOptions,
): void {
  const now = ofScope(configuration, 'result');
  const names = Object.keys(COORDINATOR_OPTIONS) as (keyof GivenCoordinatorOptions)[];
  for (const name of names.filter((name) => COORDINATOR_OPTIONS[name].scope === 'result')) {
    // By what it holds, not by where it lies: record/origins.ts.
    if (name === 'data') continue;
    const before = trained[name] ?? COORDINATOR_OPTIONS[name].default;
    if (now[name] === before) continue;
    throw new UserError(
      `${config} says ${name} ${now[name] ?? 'none'}, its checkpoint was made with ${before ?? 'none'}: ${PUT_BACK}`,
    );
  }
}

const storedPart = (options: CoordinatorOptions) => ofScope(options, 'result', 'operation');

/**
 * Whether a start has left a configuration that is empty or cut off, and nothing else: it was killed, or its
 * disk was full. There is no run, and another one may begin.
 */
function isStillborn({ config, metrics, checkpoints, model, summary }: RunFolder): boolean {
  if (!existsSync(config) || isJson(config)) return false;
  const hasMetrics = existsSync(metrics) && statSync(metrics).size > 0;
  const hasCheckpoints =
    existsSync(checkpoints) && readdirSync(checkpoints).some((name) => stepOfName(name) !== undefined);
  return !(hasMetrics || hasCheckpoints || existsSync(model) || existsSync(summary));
}

function isJson(path: string): boolean {
  try {
    JSON.parse(readFileSync(path, 'utf8'));
    return true;
  } catch {
    return false;
  }
}

function refuseOtherRun(folder: RunFolder): void {
  if (isStillborn(folder)) return;
  const { dir, config, metrics, checkpoints, model, summary } = folder;
  const found = [config, metrics, checkpoints, model, summary].find((path) => existsSync(path));
  if (found === undefined) return;
  throw new UserError(
    `--run-dir ${dir} holds another run (${basename(found)}): give --resume to continue it, or another folder`,
    2,
  );
}

/** Local time as yyyymmdd-hhmmss. */
function timestamp(now: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const date = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  return `${date}-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
}

/** `csv:some/iris.csv?label=5` -> `csv-iris`: readable, and a file name everywhere. */
function nameOf(spec: string): string {
  const [kind, rest] = spec.split(/:(.*)/s);
  const detail = rest && basename(rest.split('?')[0]!).replace(/\.\w+$/, '');
  return [basename(kind!), detail]
    .filter(Boolean)
    .join('-')
    .replace(/[^\w.-]+/g, '-')
    .slice(0, 40);
}
