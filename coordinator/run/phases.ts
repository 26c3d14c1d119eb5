/** What a run has its workers do: one training step, or one evaluation. */
import type { EvaluationPlan, EvaluationTotals } from '../../shared/data/evaluation-parts.js';
import { Evaluation } from '../step/evaluation/evaluation.js';
import type { StepSums } from '../step/events.js';
import type { GlobalBatch } from '../step/state.js';
import { Step } from '../step/training/step.js';
import { windowFor } from '../update/capacity.js';
import { Execution, type Surroundings } from './execute.js';

/** Makes the next version of the weights, but for `pipeline.end`. @throws DivergedError; the reason of `stop` */
export function trainStep(
  batch: GlobalBatch,
  learningRate: number,
  around: Surroundings,
  stop: AbortSignal,
): Promise<StepSums> {
  const { swarm, pipeline, layout, trust, exchange } = around.core;
  const step = new Step({ batch, layout, workers: swarm.roster, trust, exchange });
  // A worker of a plan has mostly one lease, and often two.
  const ahead = windowFor(layout, batch.bounds.length - 1, 2 * swarm.active().length);
  pipeline.begin((node) => step.samples(node), learningRate, ahead);
  return new Execution(step, around).run(stop);
}

/** @returns undefined where `stop` was aborted before every part was evaluated */
export function evaluate(
  version: number,
  plan: EvaluationPlan,
  around: Surroundings,
  stop: AbortSignal,
): Promise<EvaluationTotals | undefined> {
  const { swarm, pipeline } = around.core;
  const weights = pipeline.averaged ? 'averaged' : 'current';
  const evaluation = new Evaluation({ version, weights, plan, workers: swarm.roster });
  return new Execution(evaluation, around).run(stop);
}
