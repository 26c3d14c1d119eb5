/**
 * The folder of a run: its files and its owner. A folder belongs to one run for ever; the
 * configuration in it is what the run started with, and what a resumed run goes on with.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { messageOf, UserError } from '../../../shared/user-error.js';
import {
  COORDINATOR_OPTIONS,
  type CoordinatorOptions,
  type GivenCoordinatorOptions,
} from '../../options/options.js';
import { createAtomically, jsonText, makeFolder, OWNER_ONLY, writeAll } from './atomic-file.js';
import { disk } from './disk.js';
import { storedPart } from './stored-configuration.js';

export interface RunFolder {
  /** Absolute. */
  dir: string;
  config: string;
  metrics: string;
  checkpoints: string;
  model: string;
  summary: string;
  view: string;
  /** Event files for TensorBoard. */
  tensorboard: string;
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
    tensorboard: join(path, 'tensorboard'),
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
