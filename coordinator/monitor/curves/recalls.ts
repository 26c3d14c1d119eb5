/** Recall of each class over the evaluations of a run, in bounded memory: of many evaluations every other is forgotten. */

import { countsByClass } from '../../../shared/data/confusion.js';
import type { LabelKind } from '../../../shared/data/manifest.js';
import type { RecallView } from '../../../shared/status/monitoring.js';

const MOST_CLASSES = 20;
const MOST_EVALUATIONS = 200;

export class Recalls {
  private kept: { step: number; recalls: (number | null)[] }[] = [];

  constructor(private readonly label: LabelKind) {}

  evaluation(step: number, confusion: ArrayLike<number> | null | undefined): void {
    const { label, kept } = this;
    if (!confusion || label.kind === 'value' || label.classes > MOST_CLASSES) return;
    const recalls = countsByClass(label, Array.from(confusion)).map(({ right, actual }) =>
      actual > 0 ? Math.round((1e4 * right) / actual) / 1e4 : null,
    );
    // A resumed run evaluates a step again.
    this.kept = [...kept.filter((before) => before.step < step), { step, recalls }];
    if (this.kept.length > MOST_EVALUATIONS) this.kept = this.kept.filter((_, i) => i % 2 === 0);
  }

  view(): RecallView | null {
    const { kept } = this;
    if (kept.length === 0) return null;
    return {
      step: kept.map(({ step }) => step),
      classes: kept[0]!.recalls.map((_, index) => kept.map(({ recalls }) => recalls[index]!)),
    };
  }
}
