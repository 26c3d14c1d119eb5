/** The figures of an evaluation that a run can be watched by, one row each. */
import type { MetricName } from '../../../shared/numerics/losses.js';

/** Means over the samples of an evaluation. */
export interface Means {
  loss: number;
  metric: number;
}

interface Figure {
  /** In words. */
  called: string;
  higherIsBetter: boolean;
  /** The metric of the run that it is; undefined: every run has it. */
  metric?: MetricName;
  of(means: Means): number;
}

export const FIGURES = {
  loss: { called: 'loss', higherIsBetter: false, of: ({ loss }) => loss },
  accuracy: { called: 'accuracy', higherIsBetter: true, metric: 'accuracy', of: ({ metric }) => metric },
  mae: {
    called: 'mean absolute error',
    higherIsBetter: false,
    metric: 'meanAbsoluteError',
    of: ({ metric }) => metric,
  },
} satisfies Record<string, Figure>;

export type FigureName = keyof typeof FIGURES;
export const FIGURE_NAMES = Object.keys(FIGURES) as FigureName[];

export const figureOf = (name: FigureName): Figure => FIGURES[name];

/** Names of the figures that a run with this metric has. */
export const figuresOf = (metric: MetricName): FigureName[] =>
  FIGURE_NAMES.filter((name) => (figureOf(name).metric ?? metric) === metric);
