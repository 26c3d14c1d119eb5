/** `swarmgrad evaluate RUN_DIR`: evaluates a run's model on its own test set or on other data. */
import { type Command, Option } from 'commander';
import { moduleFile } from '../../../coordinator/prepare/model/module/module-model.js';
import type { Totals } from '../../../coordinator/scheduling/totals.js';
import type { ModelDescription } from '../../../shared/models/description.js';
import { metricOf } from '../../../shared/numerics/losses.js';
import { UserError } from '../../../shared/user-error.js';
import { scorecard, scorecardText } from '../../output/scorecard.js';
import type { PartName } from '../../tasks/evaluate-on.js';
import {
  keptWeights,
  loadProgram,
  modelFileFlag,
  type WhichWeights,
  weightsFlag,
} from '../../tasks/kept-weights.js';

interface Flags {
  data?: string;
  part: PartName;
  engine?: string;
  json?: true;
  weights?: WhichWeights;
  metrics?: string;
  modelFile?: string;
}

/** The part names of `evaluate-on.ts`, repeated here because that file is loaded only when it is needed. */
const PARTS: readonly PartName[] = ['test', 'validation', 'train', 'all'];

export function addEvaluate(program: Command): void {
  program
    .command('evaluate')
    .description('accuracy, loss, confusion matrix, precision and recall of a run')
    .argument('<run-dir>', "the run's folder")
    .option('--data <SPEC>', "data set to evaluate on (default: the run's own)")
    .addOption(
      new Option('--part <NAME>', 'part of the data set that is evaluated').choices(PARTS).default('test'),
    )
    .addOption(weightsFlag())
    .option('--engine <auto|NAME>', "engine that computes (default: the one of most of the run's workers)")
    .addOption(modelFileFlag())
    .option('--metrics <NAME,...>', "further scores, as of `start` (default: the run's own)")
    .option('--json', 'as one JSON object')
    .action(evaluate);
}

async function evaluate(runDir: string, flags: Flags): Promise<void> {
  const { data, part, engine, json } = flags;
  const kept = await keptWeights(runDir, flags.weights);
  await loadProgram(kept, flags.modelFile);
  const { state, configuration, weights } = kept;
  const { evaluateOn } = await import('../../tasks/evaluate-on.js');
  const { scorable, scorerOf } = await import('../../../coordinator/setup/evaluated.js');
  const model = await countedBy(state.model, flags.metrics);
  const score = scorerOf(flags.metrics ?? configuration.metrics, scorable(model, state.records));
  const { totals, variance, engineClass, evaluated, notes, unknownClasses } = await evaluateOn({
    spec: data ?? configuration.data!,
    part,
    // Other data are divided into two parts alone.
    split: data === undefined ? configuration : undefined,
    model,
    records: state.records,
    weights,
    modelFile: flags.modelFile ?? moduleFile(configuration.model),
    engine: engine ?? usualEngine(state.workers),
    preparing: (what) => console.error(`${what} ...`),
  });
  const card = {
    ...scorecard(totals, metricOf(state.model.loss), state.records.label),
    ...(score ? { metrics: score(totals, variance) } : {}),
  };
  const { step } = state.progress;
  if (json) {
    console.log(JSON.stringify({ ...card, step, engineClass, evaluated, unknownClasses }));
    return;
  }
  for (const note of notes) console.error(note);
  for (const { name, records } of unknownClasses)
    console.error(`class ${name} is unknown to the model: its ${records} records are left out`);
  console.log(
    `${runDir} after ${step} steps, computed by ${engineClass}\n${evaluated}\n\n${scorecardText(card)}`,
  );
}

/** Sums agree to the last digit where the same engine makes them. */
function usualEngine(workers: readonly Totals[]): string {
  const [most] = [...workers].sort((a, b) => b.samples - a.samples);
  return most?.kind === 'node' ? most.engine : 'auto';
}

/** The model, with what is to be counted: the run's own, or what the names say. */
async function countedBy(model: ModelDescription, metrics: string | undefined): Promise<ModelDescription> {
  if (metrics === undefined) return model;
  const { scoredFor, scoreRequest } = await import(
    '../../../coordinator/prepare/model/traced/own-metrics.js'
  );
  const { scored: before, ...plain } = model;
  const scored = await scoredFor(scoreRequest(metrics, undefined), before, ({ called }) => {
    throw new UserError(`${called}: evaluate counts those of the run: leave --metrics out`, 2);
  });
  return { ...plain, ...(scored && { scored }) };
}
