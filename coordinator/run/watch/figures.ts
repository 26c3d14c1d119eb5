/** The figures of an evaluation that a run can be watched by, one row each, and all of `--metrics`. */
import {
  EXTRA_METRICS,
  type ExtraMetric,
  extraMetric,
  extraMetricNamed,
} from '../../../shared/data/metrics.js';
import type { MetricName } from '../../../shared/numerics/losses.js';

/** Means over the samples of an evaluation. */
export interface Means {
  loss: number;
  metric: number;
  /** Of `--metrics`, by their names in files. */
  metrics?: Record<string, number>;
}

interface Figure {
  /** In words. */
  called: string;
  higherIsBetter: boolean;
  /** The metric of the run that it is; undefined: every run has it. */
  metric?: MetricName;
  of(means: Means): number;
}

const FIGURES = {
  loss: { called: 'loss', higherIsBetter: false, of: ({ loss }) => loss },
  accuracy: { called: 'accuracy', higherIsBetter: true, metric: 'accuracy', of: ({ metric }) => metric },
  mae: {
    called: 'mean absolute error',
    higherIsBetter: false,
    metric: 'meanAbsoluteError',
    of: ({ metric }) => metric,
  },
} satisfies Record<string, Figure>;

type OwnFigure = keyof typeof FIGURES;
/** A figure of one of several outputs, under the name by which evaluations tell it. */
export type OutputFigure = `${string}_${'loss' | MetricName}`;
/** A figure of an evaluation that can be watched. */
export type FigureName = OwnFigure | ExtraMetric | OutputFigure;
const OWN = Object.keys(FIGURES) as OwnFigure[];
/** As people are told of them. */
export const FIGURE_NAMES: readonly string[] = [...OWN, ...EXTRA_METRICS];

const isOwn = (name: string): name is OwnFigure => OWN.some((own) => own === name);
const OF_OUTPUT = /._(loss|accuracy|meanAbsoluteError)$/;
export const isOfOutput = (name: string): name is OutputFigure => OF_OUTPUT.test(name);
export const isExtra = (name: FigureName): name is ExtraMetric => !isOwn(name) && !isOfOutput(name);

/** Which outputs there are is known with the model. */
export const figureNamed = (text: string): FigureName | undefined =>
  isOwn(text) || isOfOutput(text) ? text : extraMetricNamed(text);

export function figureOf(name: FigureName): Figure {
  if (isOwn(name)) return FIGURES[name];
  const { called, higherIsBetter, key } = isOfOutput(name)
    ? { called: name, higherIsBetter: name.endsWith('_accuracy'), key: name }
    : extraMetric(name);
  return { called, higherIsBetter, of: ({ metrics }) => metrics?.[key] ?? Number.NaN };
}

/** Names of the figures of all outputs together that a run with this metric has without `--metrics`. */
export const figuresOf = (metric: MetricName): OwnFigure[] =>
  OWN.filter((name) => (figureOf(name).metric ?? metric) === metric);
