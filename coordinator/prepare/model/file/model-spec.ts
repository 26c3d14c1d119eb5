/** What `--model` names: a model of the zoo, or a file. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UserError } from '../../../../shared/user-error.js';
import { isModelModule } from '../module/module-model.js';

/** Endings of files that hold layers. */
const MODEL_FILES = /\.(json|keras|h5|hdf5)$/i;

export const isModelFile = (spec: string): boolean => MODEL_FILES.test(spec);

/** `spec` with an absolute path: it means the same wherever it is read again. */
export const absoluteModel = (spec: string): string =>
  isModelFile(spec) || isModelModule(spec) ? resolve(spec) : spec;

/** Endings of files that may hold weights alone. */
const WEIGHTS_FILES = /\.(safetensors|weights\.h5)$/i;

/** The file of weights that `--from` names beside `--model`: of a model, or of weights alone. @throws UserError */
export function weightsFrom(from: string): string {
  if (WEIGHTS_FILES.test(from) && existsSync(from)) return resolve(from);
  const ofProgram = programWeights(from);
  return existsSync(ofProgram) ? ofProgram : modelFrom(from);
}

/** What the run of a model by a module leaves: coordinator/record/model/program/weights-file.ts. */
const programWeights = (run: string): string => resolve(run, 'model', 'model.safetensors');

/** The model file of `--from`: in the folder of a run that is over, of an export, or the file itself. @throws UserError */
export function modelFrom(from: string): string {
  if (WEIGHTS_FILES.test(from))
    throw new UserError(
      `--from ${from}: ${existsSync(from) ? 'such a file holds weights alone: give --model too, with their layers' : 'no such file'}`,
      2,
    );
  const inFolder = [join('model', 'model.json'), 'model.json'].map((name) => resolve(from, name));
  if (isModelFile(from) && existsSync(from)) return resolve(from);
  const found = inFolder.find((path) => existsSync(path));
  if (found) return found;
  if (existsSync(programWeights(from)))
    throw new UserError(
      `--from ${from}: the model is a program, of which the run holds the weights alone: give --model FILE.mjs too`,
      2,
    );
  const isRun = existsSync(join(from, 'config.json'));
  throw new UserError(
    isRun
      ? `--from ${from}: the run has no model/ yet, which it gets at its end; \`swarmgrad export ${from} --to DIR\` writes that of its last checkpoint, then give --from DIR`
      : `--from ${from}: there is no model: give the folder of a run or of an export, or a model file (.json, .keras, .h5)`,
    2,
  );
}

/** SHA-256 of the file that `spec` names; undefined where it names none, or none that can be read. */
export const modelFileHash = async (spec: string): Promise<string | undefined> =>
  isModelFile(spec) ? fileHash(spec) : undefined;

/** SHA-256 of a file of any size; undefined where it cannot be read. */
export async function fileHash(path: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    for await (const piece of createReadStream(path)) hash.update(piece);
  } catch {
    return undefined;
  }
  return hash.digest('hex');
}
