/**
 * The course of training so far, from its steps and evaluations alone, so that a run that was resumed, or is read from
 * its files, has the same: means over the last steps, where these began and how low they came, and the best evaluation.
 */
import type { MetricName } from '../../../shared/numerics/losses.js';
import { heard, nothingWatched, type Watched } from './early-stopping.js';
import { figureOf, figuresOf } from './figures.js';

/** Steps over which training loss and metric are told: a batch alone says little, and the last of an epoch less. */
export const RECENT_STEPS = 50;

/** Means over the samples of a step, or of several. */
export interface CourseMeans {
  samples: number;
  loss: number;
  metric: number;
}

export class Course {
  private readonly recent: CourseMeans[] = [];
  steps = 0;
  private sums: CourseMeans = { samples: 0, loss: 0, metric: 0 };
  /** The mean loss of the first steps, and the lowest of as many later; undefined before there are so many. */
  first: number | undefined;
  lowest: { step: number; loss: number } | undefined;
  /** Of the run's metric; `latest`: the newest evaluation. */
  watched: Watched;
  latest: { step: number; value: number } | undefined;
  readonly higherIsBetter: boolean;

  constructor(metric: MetricName) {
    const figure = figuresOf(metric).at(-1)!;
    this.watched = nothingWatched(figure);
    this.higherIsBetter = figureOf(figure).higherIsBetter;
  }

  step({ step, samples, loss, metric }: CourseMeans & { step: number }): void {
    this.steps++;
    this.recent.push({ samples, loss: loss * samples, metric: metric * samples });
    if (this.recent.length > RECENT_STEPS) this.recent.shift();
    // Added anew: differences of sums would keep what a spike of 1e13 has rounded away.
    this.sums = sumOf(this.recent);
    if (this.steps < RECENT_STEPS) return;
    const mean = this.sums.loss / this.sums.samples;
    this.first ??= mean;
    if (mean < (this.lowest?.loss ?? Number.POSITIVE_INFINITY)) this.lowest = { step, loss: mean };
  }

  /** One of a step that was evaluated already, before the run was resumed, says nothing new. */
  evaluation({ step, metric }: { step: number; metric: number }): void {
    if (step <= (this.latest?.step ?? 0)) return;
    this.latest = { step, value: metric };
    this.watched = heard(this.watched, this.latest, { higherIsBetter: this.higherIsBetter, minDelta: 0 });
  }

  /** Means over the samples of the last steps; null before the first. */
  lately(): CourseMeans | null {
    const { samples, loss, metric } = this.sums;
    return samples > 0 ? { samples, loss: loss / samples, metric: metric / samples } : null;
  }
}

function sumOf(all: readonly CourseMeans[]): CourseMeans {
  const total = { samples: 0, loss: 0, metric: 0 };
  for (const { samples, loss, metric } of all) {
    total.samples += samples;
    total.loss += loss;
    total.metric += metric;
  }
  return total;
}
