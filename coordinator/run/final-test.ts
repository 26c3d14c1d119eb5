/** The one evaluation of the test set in a run that has a validation set: at its end, of the weights that it leaves. */
import type { EvaluationPlan, EvaluationTotals } from '../../shared/data/evaluation-parts.js';
import { type EpochPlan, epochOf } from './batches.js';
import type { Surroundings } from './execute.js';
import { evaluate } from './phases.js';
import type { Progress } from './progress.js';

/** What keeps the run, as far as its last evaluation needs it. */
export interface FinalTestRecorder {
  /** `step`: the updates that the tested weights have seen. */
  finalTest(entry: { step: number; epoch: number; totals: EvaluationTotals }): void;
  /** Resolves when no checkpoint is being written. */
  settled(): Promise<void>;
  /** The best weights that the run has kept, by section; undefined: it keeps none, or they are lost. */
  best(): Promise<ReadonlyMap<string, Float32Array> | undefined>;
}

export interface FinalTest {
  test: EvaluationPlan;
  epochPlan: EpochPlan;
  progress: Progress;
  record: FinalTestRecorder;
}

/**
 * Workers get those weights as a version of their own, behind the last: an answer to the evaluation before then is of
 * another version, and cannot be taken for one to this.
 * @returns whether it was done; not where `stop` was aborted
 */
export async function testOnce(
  { test, epochPlan, progress, record }: FinalTest,
  around: Surroundings,
  stop: AbortSignal,
): Promise<boolean> {
  const { pipeline } = around.core;
  // A checkpoint that is being written reads the weights where they lie.
  await record.settled();
  const best = await record.best();
  const step = best ? progress.watching.watched!.best!.step : progress.step;
  const takeBack = pipeline.present(best);
  try {
    const totals = await evaluate(pipeline.weights.version, test, around, stop);
    if (!totals) return false;
    progress.tested(step, totals);
    record.finalTest({ step, epoch: epochOf(step - 1, epochPlan) + 1, totals });
    return true;
  } finally {
    takeBack();
  }
}
