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
/** A figure of an evaluation that can be watched. */
export type FigureName = OwnFigure | ExtraMetric;
const OWN = Object.keys(FIGURES) as OwnFigure[];
/** As people are told of them. */
export const FIGURE_NAMES: readonly string[] = [...OWN, ...EXTRA_METRICS];

export const figureNamed = (text: string): FigureName | undefined =>
  OWN.find((name) => name === text) ?? extraMetricNamed(text);

export const isExtra = (name: FigureName): name is ExtraMetric => !(OWN as FigureName[]).includes(name);

export function figureOf(name: FigureName): Figure {
  if (!isExtra(name)) return FIGURES[name];
  const { called, higherIsBetter, key } = extraMetric(name);
  return { called, higherIsBetter, of: ({ metrics }) => metrics?.[key] ?? Number.NaN };
}

/** Names of the figures that a run with this metric has without `--metrics`. */
export const figuresOf = (metric: MetricName): FigureName[] =>
  OWN.filter((name) => (figureOf(name).metric ?? metric) === metric);
