/**
 * What an evaluation is scored by beside loss and accuracy or mean absolute error: `--metrics`. All follows from sums that
 * parts add up, so it does not depend on who computed them. The numbers are those of scikit-learn.
 */
import type { LossName } from '../numerics/losses.js';
import { type ClassCounts, confusionOf, countsByClass } from './confusion.js';
import type { EvaluationTotals } from './evaluation-parts.js';
import { elementsOf, type LabelKind, metricUnitOf, type TensorSpec } from './manifest.js';
import { areaUnder, averagePrecision, curvesOf, MAX_CURVES } from './roc.js';

/** What is evaluated. */
export interface Evaluated {
  /** Undefined: one's own. */
  loss: LossName | undefined;
  /** What the loss holds of it, is no perplexity. */
  labelSmoothing?: number | undefined;
  label: LabelKind;
  y: TensorSpec;
  /** Of the targets as they are stored; asked only for what needs it, since it reads all of them. */
  variance(): number;
}

interface Metric {
  /** Under which it stands in files. */
  key: string;
  /** In words. */
  called: string;
  higherIsBetter: boolean;
  /** Which runs have it, in words and as a condition. */
  needs: string;
  isOf(run: Pick<Evaluated, 'loss' | 'labelSmoothing' | 'label' | 'y'>): boolean;
  of(totals: EvaluationTotals, evaluated: Evaluated): number;
}

const CLASSES = {
  higherIsBetter: true,
  needs: 'classes, at most 500',
  isOf: ({ label }: Pick<Evaluated, 'label'>) => confusionOf(label).cells > 0,
};
const SEVERAL = {
  higherIsBetter: true,
  needs: 'several classes at once, at most 500',
  isOf: ({ label }: Pick<Evaluated, 'label'>) => label.kind === 'multilabel' && CLASSES.isOf({ label }),
};
const SQUARES = {
  needs: 'one number to predict, and --loss meanSquaredError',
  isOf: ({ loss, label, y }: Pick<Evaluated, 'loss' | 'label' | 'y'>) =>
    label.kind === 'value' && loss === 'meanSquaredError' && elementsOf(y) === 1,
};

export const METRICS = {
  f1: {
    ...CLASSES,
    key: 'f1',
    called: 'macro F1',
    of: ({ confusion }, { label }) => macroF1(label, countsByClass(label, confusion)),
  },
  'micro-f1': {
    ...SEVERAL,
    key: 'microF1',
    called: 'micro F1',
    of: ({ confusion }, { label }) => microF1(countsByClass(label, confusion)),
  },
  'exact-match': {
    ...SEVERAL,
    key: 'exactMatch',
    called: 'exact match',
    needs: 'several classes at once',
    isOf: ({ label }) => label.kind === 'multilabel',
    of: ({ scores, samples }) => (scores?.exactMatch ?? Number.NaN) / samples,
  },
  'balanced-accuracy': {
    ...CLASSES,
    key: 'balancedAccuracy',
    called: 'balanced accuracy',
    needs: 'one class a record, of at most 500',
    isOf: ({ label }) => confusionOf(label).classes > 0,
    of: ({ confusion }, { label }) => balancedAccuracy(countsByClass(label, confusion)),
  },
  perplexity: {
    key: 'perplexity',
    called: 'perplexity',
    higherIsBetter: false,
    needs: '--loss categoricalCrossentropy without label smoothing',
    isOf: ({ loss, labelSmoothing }) => loss === 'categoricalCrossentropy' && !labelSmoothing,
    of: ({ loss, samples }) => Math.exp(loss / samples),
  },
  rmse: {
    ...SQUARES,
    key: 'rmse',
    called: 'root mean squared error',
    higherIsBetter: false,
    of: ({ loss, samples }, { label }) => Math.sqrt(loss / samples) * metricUnitOf(label),
  },
  r2: {
    ...SQUARES,
    key: 'r2',
    called: 'R²',
    higherIsBetter: true,
    of: ({ loss, samples }, { variance }) => 1 - loss / samples / variance(),
  },
  auc: {
    key: 'auc',
    called: 'area under the ROC curve',
    higherIsBetter: true,
    needs: `one class a record, or several at once, of at most ${MAX_CURVES}`,
    isOf: ({ label, y }) => curvesOf(label) > 0 && (label.kind === 'multilabel' || elementsOf(y) === 1),
    of: ({ placeCounts }, { label }) => (placeCounts ? areaUnder(placeCounts, curvesOf(label)) : Number.NaN),
  },
  'average-precision': {
    key: 'averagePrecision',
    called: 'mean average precision',
    higherIsBetter: true,
    needs: `several classes at once, at most ${MAX_CURVES}`,
    isOf: ({ label }) => label.kind === 'multilabel' && curvesOf(label) > 0,
    of: ({ placeCounts }, { label }) =>
      placeCounts ? averagePrecision(placeCounts, curvesOf(label)) : Number.NaN,
  },
} satisfies Record<string, Metric>;

type Listed = keyof typeof METRICS;
/** One of the table, or the share of samples whose class is among the k most likely ones: `top5`. */
export type ExtraMetric = Listed | `top${number}`;
const LISTED = Object.keys(METRICS) as Listed[];
/** As people are told of them. */
export const EXTRA_METRICS: readonly string[] = [...LISTED, 'topK'];

const isListed = (name: string): name is Listed => (LISTED as string[]).includes(name);

/** `top5` and `top-5`. */
export function extraMetricNamed(text: string): ExtraMetric | undefined {
  if (isListed(text)) return text;
  const [, k] = /^top-?([1-9]\d{0,4})$/.exec(text) ?? [];
  return k === undefined ? undefined : `top${Number(k)}`;
}

export function extraMetric(name: ExtraMetric): Metric {
  if (isListed(name)) return METRICS[name];
  const k = Number(name.slice('top'.length));
  return {
    key: name,
    called: `top-${k} accuracy`,
    higherIsBetter: true,
    needs: `more than ${k} classes, and an output for each`,
    isOf: ({ label }) => label.kind === 'class' && label.classes > Math.max(k, 2),
    of: ({ scores, samples }) => (scores?.[name] ?? Number.NaN) / samples,
  };
}

/** What engines must count for these. */
export const countedFor = (
  names: readonly ExtraMetric[],
): { top: number[]; curve: boolean; exact?: true } => ({
  top: [...new Set(names)].filter((name) => !isListed(name)).map((name) => Number(name.slice('top'.length))),
  curve: names.includes('auc') || names.includes('average-precision'),
  ...(names.includes('exact-match') ? { exact: true } : {}),
});

/** By the names that they have in files; one that is not defined for these totals (0 / 0) is left out. */
export function scored(
  names: readonly ExtraMetric[],
  totals: EvaluationTotals,
  evaluated: Evaluated,
): Record<string, number> {
  const values = names.map(
    (name) => [extraMetric(name).key, extraMetric(name).of(totals, evaluated)] as const,
  );
  return Object.fromEntries(values.filter(([, value]) => Number.isFinite(value)));
}

/** The variance of numbers to predict, in float64: what R² compares squared errors with. */
export function varianceOf({ kind }: LabelKind, y: ArrayLike<number>): number {
  if (kind !== 'value' || y.length === 0) return 0;
  let sum = 0;
  for (let i = 0; i < y.length; i++) sum += y[i]!;
  const mean = sum / y.length;
  let squares = 0;
  for (let i = 0; i < y.length; i++) squares += (y[i]! - mean) ** 2;
  return squares / y.length;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * As `f1_score(average='macro')`: each class counts alike, one that is never right as 0. Of single classes those that are
 * nowhere do not count; of several at once they do, as 0.
 */
function macroF1(label: LabelKind, classes: readonly ClassCounts[]): number {
  const isThere = ({ actual, predicted }: ClassCounts) =>
    label.kind === 'multilabel' || actual + predicted > 0;
  return mean(
    classes
      .filter(isThere)
      .map(({ right, actual, predicted }) => (2 * right) / Math.max(1, actual + predicted)),
  );
}

/** As `f1_score(average='micro')`: of all classes together. */
function microF1(classes: readonly ClassCounts[]): number {
  const sum = (of: (counts: ClassCounts) => number) =>
    classes.reduce((total, counts) => total + of(counts), 0);
  return (2 * sum(({ right }) => right)) / sum(({ actual, predicted }) => actual + predicted);
}

/** As `balanced_accuracy_score`: the mean recall of the classes that are there. */
function balancedAccuracy(classes: readonly ClassCounts[]): number {
  return mean(classes.filter(({ actual }) => actual > 0).map(({ right, actual }) => right / actual));
}
