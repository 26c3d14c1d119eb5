/**
 * What a run is made of beside its options. Each checkpoint has it, and a run that goes on is held against it: by
 * hashes, since a path says nothing of what lies there.
 */
import { UserError } from '../../../shared/user-error.js';

export interface Origins {
  /** SHA-256 of what training and test set hold, wherever their files lie. */
  train: string;
  test: string;
  /** SHA-256 of the file of the model; absent where it has none, or it could not be read. */
  modelFile?: string | undefined;
  /** SHA-256 of the file of its first weights, where `--from` named one beside the model. */
  fromFile?: string | undefined;
  /** The version of this program. */
  version: string;
  /** Updates in all. */
  steps: number;
  /** How starts of the run differed, in words: then the result does not follow from its configuration alone. */
  deviations: string[];
}

export interface Resumption {
  dir: string;
  /**
   * SHA-256 of the whole manifests, with the name that the data had at the checkpoint: checkpoints of older versions
   * tell these.
   */
  manifests: { train: string; test: string };
  data: string;
  model: string;
  from: string | undefined;
  /** Whether `--from` was given with the call: then it is meant to be the file that the run began with. */
  isFromGiven: boolean;
  /** The step of the checkpoint. */
  step: number;
  /** Name of the course of the learning rate. */
  schedule: string;
  /** The learning rate of update `step` in a run of `steps`. */
  rate(steps: number, step: number): number;
  /** Whether the rate of the first step was given with the call. */
  isRateGiven: boolean;
}

/**
 * @param before of the checkpoint; undefined in those of older versions
 * @param now of this start, without deviations
 * @returns the origins of the run that goes on, and what its owner must hear
 * @throws UserError where it would go on with other data, or says that it began with other weights
 */
export function resumedOrigins(
  before: Origins | undefined,
  now: Omit<Origins, 'deviations'>,
  resumption: Resumption,
): { origins: Origins; warnings: string[] } {
  const { dir, data, model, from, step, isRateGiven, manifests } = resumption;
  if (!before) {
    const text =
      'its checkpoint does not tell on what data it was trained: whether it is the same is not known';
    return { origins: { ...now, deviations: [text] }, warnings: [`${dir}: ${text}`] };
  }
  for (const [part, name] of [
    ['train', 'training'],
    ['test', 'test'],
  ] as const) {
    if (before[part] === now[part] || before[part] === manifests[part]) continue;
    throw new UserError(
      `--data ${data}: the ${name} set has changed since the run began: its SHA-256 was ${before[part]}, and is ${now[part]}; put the data back, or start anew in another --run-dir`,
      2,
    );
  }
  const deviations = [...before.deviations];
  const warnings: string[] = [];
  refuseOtherFrom(before, now, resumption);
  for (const [file, title] of [
    ['modelFile', model],
    ['fromFile', from],
  ] as const)
    if (isChanged(before[file], now[file]))
      warnings.push(
        `${title} has changed since the run began (its SHA-256 was ${before[file]}, and is ${now[file]}): the run continues with the ${file === 'modelFile' ? 'model' : 'weights'} that it has`,
      );
  if (before.version !== now.version)
    deviations.push(`version ${before.version} until step ${step}, then ${now.version}`);
  const course = changedCourse(before.steps, now.steps, resumption);
  if (course) {
    deviations.push(course.deviation);
    if (!isRateGiven) warnings.push(course.warning);
  }
  const modelFile = before.modelFile ?? now.modelFile;
  const fromFile = before.fromFile ?? now.fromFile;
  return { origins: { ...now, modelFile, ...(fromFile && { fromFile }), deviations }, warnings };
}

/** One that cannot be read any more is not needed. */
const isChanged = (before: string | undefined, now: string | undefined): boolean =>
  before !== undefined && now !== undefined && before !== now;

/** @throws UserError where `--from` is given again, and its file is another: alone it is the file of the model */
function refuseOtherFrom(
  before: Origins,
  now: Omit<Origins, 'deviations'>,
  { from, model, isFromGiven }: Resumption,
): void {
  const file = from === undefined ? 'modelFile' : 'fromFile';
  if (!isFromGiven || !isChanged(before[file], now[file])) return;
  throw new UserError(
    `--from ${from ?? model}: the file has changed since the run began: its SHA-256 was ${before[file]}, and is ${now[file]}; leave --from out, since the run has its weights, or start anew in another --run-dir`,
    2,
  );
}

/** Courses that lead to the end of the run are others when the run gets longer or shorter. */
function changedCourse(before: number, now: number, { step, schedule, rate }: Resumption) {
  const next = rate(now, step);
  if (before === now || step === 0 || step >= now || next === rate(before, step)) return undefined;
  const shown = (value: number) => String(Number(value.toPrecision(3)));
  const rates = `${shown(rate(before, step - 1))} to ${shown(next)}`;
  return {
    deviation: `the ${schedule} learning rate was laid over ${before} steps until step ${step}, then over ${now}`,
    warning: `the run has ${now} steps now instead of ${before}, and its ${schedule} learning rate is laid over all of them: it goes from ${rates} after step ${step}; --resume-lr RATE chooses another peak, and without --epochs and --steps the run keeps its course`,
  };
}
