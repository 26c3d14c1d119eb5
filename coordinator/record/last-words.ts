/** What people are told of a run that is over: how it ended, what is missing, and how it goes on. */
import { messageOf } from '../../shared/user-error.js';
import { DivergedError } from '../run/execute.js';
import type { RunEnd } from '../run/lifecycle.js';
import type { Run } from '../run/run.js';
import { remedyFor } from './folder/disk.js';
import { type RunFolder, resumeCommand } from './folder/run-folder.js';
import { type Missing, missingText } from './folder/save-all.js';
import type { Summary } from './folder/summary.js';

/** The newest checkpoint, if there is one. */
type Last = { step: number; path: string } | undefined;

/** Why the run failed; undefined: it did not. */
export function reasonOf(
  end: RunEnd,
  { progress: { step, watching }, control }: Pick<Run, 'progress' | 'control'>,
  { dir }: RunFolder,
  last: Last,
): string | undefined {
  switch (end.how) {
    case 'finished':
    case 'stopped':
      return undefined;
    case 'lost':
      return end.why;
    case 'hopeless':
      return `failed at step ${step}: ${end.why}; to go on with workers that can: ${resumeCommand(dir)}`;
    case 'failed': {
      const good = last ? `the last good checkpoint is ${last.path}` : 'there is no checkpoint yet';
      const advice = adviceFor(end.error, dir, last && control.peak / 10);
      const best = watching.watched?.best;
      return `failed at step ${step}: ${messageOf(end.error)}; ${good}${advice}${best ? rollback(best.step, dir) : ''}`;
    }
  }
}

/** @param lower a lower learning rate to resume with; undefined: there is nothing to resume from */
function adviceFor(error: unknown, dir: string, lower: number | undefined): string {
  if (error instanceof DivergedError) {
    const advice = '; try a lower --lr, --warmup-steps or --clip-norm 1';
    if (lower === undefined) return advice;
    return `${advice}; to go on from there more slowly: ${resumeCommand(dir)} --resume-lr ${Number(lower.toPrecision(3))}`;
  }
  // The system names the call of its that has failed.
  if (!(error as NodeJS.ErrnoException | undefined)?.syscall) return '';
  return `; ${remedyFor(error)}, then go on: ${resumeCommand(dir)}`;
}

/** How the best weights that a run has kept become those of a new one. */
const rollback = (step: number, dir: string): string =>
  `; to roll back to the best weights, of step ${step}: npx swarmgrad export ${dir} --weights best --to ${dir}/best, then train with --from ${dir}/best`;

/** Why a run has failed of which this is missing on disk. */
export function unsavedText(
  { status, reason, steps }: Summary,
  missing: readonly Missing[],
  { dir }: RunFolder,
  last: Last,
): string {
  const what = `${missingText(missing)} could not be written to ${dir}`;
  if (status === 'failed') return `${reason}; ${what}`;
  const from = last ? `the checkpoint of step ${last.step}` : 'its first step';
  return `${status} after ${steps} steps, but NOT SAVED: ${what}; ${remedyFor(missing[0]!.error)}, then go on from ${from}: ${resumeCommand(dir)}`;
}

export function lastWords(
  { status, reason }: Summary,
  { progress: { step, test, spent, watching }, metric, options }: Run,
  { dir }: RunFolder,
  last: Last,
): string {
  if (reason) return reason;
  if (status === 'stopped') {
    const from = last && last.step < step ? ` from step ${last.step}` : '';
    const best = watching.watched?.best;
    return last
      ? `stopped at step ${step}; to go on${from}: ${resumeCommand(dir)}${best ? rollback(best.step, dir) : ''}`
      : `stopped at step ${step}, before the first checkpoint: the run begins anew with ${resumeCommand(dir)}`;
  }
  const score =
    test && metric === 'accuracy' ? ` with ${(100 * test.metric).toFixed(2)} % test accuracy` : '';
  return `finished${score}${spent && step < options.steps ? `; ${spent}` : ''}`;
}
