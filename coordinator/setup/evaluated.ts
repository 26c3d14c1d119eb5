/** What evaluations of a run are scored by, and what follows from their figures. */
import type { EvaluationTotals } from '../../shared/data/evaluation-parts.js';
import { type Manifest, metricUnitOf } from '../../shared/data/manifest.js';
import {
  type Evaluated,
  EXTRA_METRICS,
  type ExtraMetric,
  extraMetric,
  scored,
} from '../../shared/data/metrics.js';
import {
  type ModelDescription,
  namedLoss,
  outputFigures,
  type Scored,
  type TrainedOutput,
} from '../../shared/models/description.js';
import type { MetricName } from '../../shared/numerics/losses.js';
import { UserError } from '../../shared/user-error.js';
import { splitMetrics } from '../prepare/model/traced/own-metrics.js';
import type { Prepared } from '../prepare/prepare.js';
import type { Progress } from '../run/progress.js';
import { type FigureName, figureOf, figuresOf, isExtra, isOfOutput } from '../run/watch/figures.js';
import type { Watching } from '../run/watch/watching.js';
import type { Configuration } from './configure.js';

/** Evaluations that are borne before the rate falls, and by what it is multiplied then: as PyTorch has them. */
const PLATEAU = { patience: 10, factor: 0.1, minRate: 0 };

const figuresOfOutput = (output: TrainedOutput): FigureName[] =>
  Object.values(outputFigures(output)).filter(isOfOutput);

/** What evaluations decide. @param outputs where the model has several. @throws UserError where the run has no such figure */
export function watchOptionsOf(
  { monitor, patience, minDelta, schedule, patienceLr, factor, minLr }: Configuration,
  metric: MetricName,
  outputs: readonly TrainedOutput[] = [],
): ConstructorParameters<typeof Watching>[0] {
  const figure = monitor ?? 'loss';
  const names: FigureName[] = [...figuresOf(metric), ...outputs.flatMap(figuresOfOutput)];
  if (!isExtra(figure) && !names.includes(figure)) {
    const text = `--monitor ${figure}: evaluations of this run have no ${figureOf(figure).called}`;
    throw new UserError(`${text}; give ${names.join(' or ')}`, 2);
  }
  return {
    best: patience !== undefined || monitor !== undefined ? { figure, minDelta, patience } : undefined,
    plateau:
      schedule === 'plateau'
        ? {
            ...{ figure, minDelta, higherIsBetter: figureOf(figure).higherIsBetter },
            patience: patienceLr ?? PLATEAU.patience,
            factor: factor ?? PLATEAU.factor,
            minRate: minLr ?? PLATEAU.minRate,
          }
        : undefined,
  };
}

/** @returns what scores the totals of an evaluation; undefined: nothing is asked for. @throws UserError */
export function scoreOf(
  { metrics, monitor }: Configuration,
  { description, test, variances }: Pick<Prepared, 'description' | 'test' | 'variances'>,
): ConstructorParameters<typeof Progress>[3] {
  const run = scorable(description, test);
  const score = scorerOf(metrics, run, monitor && isExtra(monitor) ? monitor : undefined);
  return score && ((set, totals) => score(totals, () => variances[set]));
}

/** What is evaluated, which metrics of one's own are counted, and the outputs, where there are several. */
type Scorable = Omit<Evaluated, 'variance'> & { scored: Scored | undefined; outputs: OutputFigure[] };

/** A figure of one of several outputs. */
interface OutputFigure {
  name: string;
  /** What its mean is multiplied by. */
  unit: number;
}

export function scorable(
  model: ModelDescription,
  { label, y, named }: Pick<Manifest, 'label' | 'y' | 'named'>,
): Scorable {
  const { labelSmoothing, scored, outputs = [] } = model;
  const figures = outputs.flatMap((output): OutputFigure[] => {
    const part = named?.outputs.find(({ name }) => name === output.name);
    const { loss, metric } = outputFigures(output);
    return [
      { name: loss, unit: 1 },
      { name: metric, unit: part ? metricUnitOf(part.label) : 1 },
    ];
  });
  return { loss: namedLoss(model), labelSmoothing, label, y, scored, outputs: figures };
}

/** @param metrics as the option is given; @param monitor is scored as well. @throws UserError for what the run has not */
export function scorerOf(
  metrics: string | undefined,
  { scored: counted, outputs, ...run }: Scorable,
  monitor?: ExtraMetric,
): ((totals: EvaluationTotals, variance: () => number) => Record<string, number>) | undefined {
  const listed = metrics === undefined ? [] : splitMetrics(metrics)?.named;
  if (!listed) throw new UserError(`--metrics ${metrics}: known are ${EXTRA_METRICS.join(', ')}`, 2);
  for (const name of [...listed, ...(monitor ? [monitor] : [])]) {
    if (outputs.length > 0)
      throw new UserError(
        `${listed.includes(name) ? '--metrics' : '--monitor'} ${name} is for a model with one output: leave it out; evaluations tell ${outputs.map((figure) => figure.name).join(', ')}`,
        2,
      );
    const { isOf, needs } = extraMetric(name);
    const flag = listed.includes(name) ? '--metrics' : '--monitor';
    if (!isOf(run)) throw new UserError(`${flag} ${name} needs ${needs}: leave it out, or give another`, 2);
  }
  const names = [...new Set([...listed, ...(monitor ? [monitor] : [])])];
  const own = [...(counted?.own ?? []).map(({ name }) => ({ name, unit: 1 })), ...outputs];
  if (names.length + own.length === 0) return undefined;
  return (totals, variance) => ({
    ...scored(names, totals, { ...run, variance }),
    ...meansOf(own, totals),
  });
}

/** Of numbers of samples, by name; one that is not finite is left out. */
function meansOf(
  figures: readonly OutputFigure[],
  { scores, samples }: EvaluationTotals,
): Record<string, number> {
  const means = figures.map(
    ({ name, unit }) => [name, ((scores?.[name] ?? Number.NaN) / samples) * unit] as const,
  );
  return Object.fromEntries(means.filter(([, mean]) => Number.isFinite(mean)));
}
