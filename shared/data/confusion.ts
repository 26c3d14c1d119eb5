/** How often each label was predicted as which: the counts of an evaluation from which scores of single classes follow. */
import type { LabelKind } from './manifest.js';

/** An evaluation counts confusions up to this many classes: a larger matrix would fit no message. */
export const MAX_CONFUSION_CLASSES = 500;

/** Of the counts that come with an evaluation. */
export interface ConfusionSize {
  /** Classes of which one is predicted; 0: none is, or there are too many. */
  classes: number;
  /** Counts in all; 0: none are told. */
  cells: number;
}

/** Counts [actual, predicted]. */
export const squareOf = (classes: number): ConfusionSize => ({ classes, cells: classes ** 2 });

/** Counts [class, actual, predicted] of 0 and 1 for several classes at once: scikit-learn's `multilabel_confusion_matrix`. */
const tablesOf = (classes: number): ConfusionSize => ({ classes: 0, cells: 4 * classes });

/** What is counted for such labels. */
export function confusionOf(label: LabelKind): ConfusionSize {
  if (label.kind === 'value' || label.classes > MAX_CONFUSION_CLASSES) return { classes: 0, cells: 0 };
  return label.kind === 'class' ? squareOf(label.classes) : tablesOf(label.classes);
}

/**
 * @param y,predicted classes, one a sample or one a position; for several classes at once 0 or 1, [samples, classes]
 * @returns undefined where nothing is counted
 */
export function countConfusion(
  label: LabelKind,
  y: ArrayLike<number>,
  predicted: ArrayLike<number>,
): Int32Array | undefined {
  const { classes, cells } = confusionOf(label);
  if (cells === 0) return undefined;
  const counts = new Int32Array(cells);
  for (let i = 0; i < predicted.length; i++) {
    const table = classes > 0 ? 0 : 4 * (i % (cells / 4));
    counts[table + y[i]! * (classes || 2) + predicted[i]!]!++;
  }
  return counts;
}

/** Of one class, or of all together. */
export interface ClassCounts {
  right: number;
  actual: number;
  predicted: number;
}

/** Of each class, in their order. */
export function countsByClass(label: LabelKind, confusion: ArrayLike<number> | undefined): ClassCounts[] {
  if (!confusion) return [];
  if (label.kind === 'multilabel')
    return Array.from({ length: confusion.length / 4 }, (_, at) => {
      const [, wrong, missed, right] = Array.from({ length: 4 }, (_, cell) => confusion[4 * at + cell]!);
      return { right: right!, actual: right! + missed!, predicted: right! + wrong! };
    });
  const size = Math.round(Math.sqrt(confusion.length));
  return Array.from({ length: size }, (_, at) => {
    let [actual, predicted] = [0, 0];
    for (let other = 0; other < size; other++) {
      actual += confusion[at * size + other]!;
      predicted += confusion[other * size + at]!;
    }
    return { right: confusion[at * size + at]!, actual, predicted };
  });
}
