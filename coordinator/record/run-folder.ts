/**
 * The folder of a run: which files it has, and whose it is. A folder belongs to one run for ever; the
 * configuration in it is what the run started with, and what a resumed run goes on with.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import {
  COORDINATOR_OPTIONS,
  type CoordinatorOptions,
  type GivenCoordinatorOptions,
} from '../../shared/options.js';
import { checkTogether, flagOf, ofScope, readOptions } from '../../shared/read-options.js';
import { messageOf, UserError } from '../../shared/user-error.js';
import { writeJsonAtomically } from './atomic-file.js';

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
  /** Who is banned. */
  trust: string;
  /** Who leads the run now. */
  lock: string;
  /** The run's id, and how often it has been started. */
  fence: string;
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
    fence: join(path, 'epoch.json'),
  };
}

export const holdsRun = (dir: string): boolean => existsSync(runFolder(dir).config);

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
    await mkdir(folder.dir, { recursive: true });
    refuseOtherRun(folder);
    await writeFile(folder.config, `${JSON.stringify(storedPart(options), null, 2)}\n`, {
      flag: 'wx',
      flush: true,
    });
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
  for (const [name, value] of Object.entries(ofScope(given, 'result'))) {
    const before = stored[name as keyof GivenCoordinatorOptions];
    if (value === before) continue;
    const text = `${flagOf(name)} ${value}: the run in ${folder.dir} has ${before ?? 'none'}; leave the option out, or use another --run-dir`;
    throw new UserError(text, 2);
  }
  const changes = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const merged: GivenCoordinatorOptions = { ...stored, ...changes };
  // The two say the same thing in two ways: the one given now replaces the other.
  if (given.steps !== undefined && given.epochs === undefined) delete merged.epochs;
  if (given.epochs !== undefined && given.steps === undefined) delete merged.steps;
  checkTogether(merged);
  return merged;
}

/** Stores the configuration of a run that goes on. */
export function storeConfiguration(folder: RunFolder, options: CoordinatorOptions): Promise<void> {
  return writeJsonAtomically(folder.config, storedPart(options));
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
      `${folder.config} is no JSON (${messageOf(error)}): mend it, or start anew in another --run-dir`,
    );
  }
  return readOptions(COORDINATOR_OPTIONS, raw, { where: folder.config });
}

const storedPart = (options: CoordinatorOptions) => ofScope(options, 'result', 'operation');

function refuseOtherRun({ dir, config, metrics, checkpoints, model, summary }: RunFolder): void {
  const found = [config, metrics, checkpoints, model, summary].find((path) => existsSync(path));
  if (found === undefined) return;
  throw new UserError(
    `--run-dir ${dir} holds another run (${basename(found)}): --resume to go on with it, or another folder`,
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
