/** `swarmgrad evaluate RUN_DIR`: how good a run's model is, on its own test set or on other data. */
import type { Command } from 'commander';
import type { Totals } from '../coordinator/work/members.js';
import { metricOf } from '../shared/losses.js';
import { lastWeights } from './last-weights.js';
import { scorecard, scorecardText } from './scorecard.js';

interface Flags {
  data?: string;
  engine?: string;
  json?: true;
}

export function addEvaluate(program: Command): void {
  program
    .command('evaluate')
    .description('accuracy, loss, confusion matrix, precision and recall of a run, with its latest weights')
    .argument('<run-dir>', "the run's folder")
    .option('--data <SPEC>', "data set whose test part is used (default: the run's own)")
    .option('--engine <auto|NAME>', "engine that computes (default: the one of most of the run's workers)")
    .option('--json', 'as one JSON object')
    .action(evaluate);
}

async function evaluate(runDir: string, { data, engine, json }: Flags): Promise<void> {
  const { state, configuration, weights } = await lastWeights(runDir);
  const { evaluateOn } = await import('./evaluate-on.js');
  const { totals, engineClass } = await evaluateOn({
    spec: data ?? configuration.data!,
    model: state.model,
    records: state.records,
    weights,
    engine: engine ?? usualEngine(state.workers),
  });
  const card = scorecard(totals, metricOf(state.model.loss), state.records.label);
  const { step } = state.progress;
  if (json) console.log(JSON.stringify({ ...card, step, engineClass }));
  else console.log(`${runDir} after ${step} steps, computed by ${engineClass}\n\n${scorecardText(card)}`);
}

/** Sums agree to the last digit where the same engine makes them. */
function usualEngine(workers: readonly Totals[]): string {
  const [most] = [...workers].sort((a, b) => b.samples - a.samples);
  return most?.kind === 'node' ? most.engine : 'auto';
}
