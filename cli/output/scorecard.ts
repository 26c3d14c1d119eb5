/** What an evaluation says of a classifier or a regression: scores of the whole, and of each class. */
import { type ClassCounts, countsByClass } from '../../shared/data/confusion.js';
import type { EvaluationTotals } from '../../shared/data/evaluation-parts.js';
import { type LabelKind, metricUnitOf } from '../../shared/data/manifest.js';
import type { MetricName } from '../../shared/numerics/losses.js';
import { count, known, percent, significant, table } from './format.js';

export interface ClassScores {
  name: string;
  /** Samples of this class in the test set. */
  samples: number;
  /** The share of predictions of this class that are right; null if it was never predicted. */
  precision: number | null;
  /** The share of samples of this class that were predicted as it; null if there are none. */
  recall: number | null;
}

/** The widest confusion matrix that a terminal shows. */
const MATRIX_CLASSES = 20;

/** Means over `samples`. The metric stands under its own name. */
export type Scorecard = { samples: number; loss: number } & { [M in MetricName]?: number } & {
  /** Counts [actual][predicted]; absent where a sample has no class, or several. */
  confusion?: number[][];
  classes?: ClassScores[];
  /** Those of `--metrics`, by their names in files. */
  metrics?: Record<string, number>;
};

export function scorecard(totals: EvaluationTotals, metric: MetricName, label: LabelKind): Scorecard {
  const { samples, loss, confusion: cells } = totals;
  const card: Scorecard = {
    samples,
    loss: loss / samples,
    [metric]: (totals.metric / samples) * metricUnitOf(label),
  };
  if (!cells || label.kind === 'value') return card;
  const scored = countsByClass(label, cells).map((counts, i) =>
    classScores(counts, label.names?.[i] ?? `${i}`),
  );
  if (label.kind === 'multilabel') return { ...card, classes: scored };
  const size = Math.round(Math.sqrt(cells.length));
  const classes = Array.from({ length: size }, (_, i) => i);
  const confusion = classes.map((actual) => classes.map((predicted) => cells[actual * size + predicted]!));
  return { ...card, confusion, classes: scored };
}

const classScores = ({ right, actual, predicted }: ClassCounts, name: string): ClassScores => ({
  name,
  samples: actual,
  precision: predicted > 0 ? right / predicted : null,
  recall: actual > 0 ? right / actual : null,
});

/** Spaces and line ends, which are classes in text, in quotes. */
const visible = (name: string): string => (/^\s*$|\p{C}/u.test(name) ? JSON.stringify(name) : name);

export function scorecardText({
  samples,
  loss,
  accuracy,
  meanAbsoluteError,
  confusion,
  classes,
  metrics = {},
}: Scorecard): string {
  const lines = [];
  if (accuracy !== undefined) lines.push(`accuracy             ${percent(accuracy)}`);
  if (meanAbsoluteError !== undefined) lines.push(`mean absolute error  ${significant(meanAbsoluteError)}`);
  for (const [name, value] of Object.entries(metrics)) lines.push(`${name.padEnd(20)} ${significant(value)}`);
  lines.push(`loss                 ${significant(loss)}`, `samples              ${count(samples)}`);
  if (classes) {
    const rows = classes.map((c) => [
      visible(c.name),
      c.samples,
      known(c.precision, percent),
      known(c.recall, percent),
    ]);
    lines.push('', ...table(['class', 'samples', 'precision', 'recall'], rows));
    if (!confusion) return lines.join('\n');
    if (classes.length > MATRIX_CLASSES) {
      lines.push('', `confusion matrix of ${classes.length} classes: too wide here, --json has it`);
      return lines.join('\n');
    }
    const names = classes.map(({ name }) => visible(name));
    const counts = names.map((name, i) => [name, ...confusion[i]!]);
    lines.push('', ...table(['actual \\ predicted', ...names], counts));
  }
  return lines.join('\n');
}
