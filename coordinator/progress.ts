/** How far a run is: what changes from step to step, beside weights and optimizer state. */
import type { EvaluationTotals } from '../shared/evaluation-parts.js';
import type { RunState, ShardCounters } from '../shared/status.js';
import type { StepSums } from './tally.js';

/** Means over samples. */
export interface Result {
  samples: number;
  loss: number;
  metric: number;
}

/** What a checkpoint keeps of it. Plain JSON. */
export interface StoredProgress {
  step: number;
  evaluatedAt: number;
  samplesTrained: number;
  seconds: number;
  shards: ShardCounters;
  epochSums: StepSums;
  latest: Result | null;
  test: Result | null;
  best: (Result & { step: number }) | null;
}

/** Samples per second is measured over about this long. */
const RATE_WINDOW_MS = 5_000;

export class Progress {
  state: RunState = 'starting';
  /** Updates made so far. */
  step = 0;
  /** The step at which the test set was last evaluated; 0: never. */
  evaluatedAt = 0;
  samplesTrained = 0;
  readonly shards: ShardCounters = { expected: 0, counted: 0, reissued: 0, rejected: 0, duplicates: 0 };
  /** Sums over the epoch in progress. */
  private epochSums: StepSums = { samples: 0, loss: 0, metric: 0 };
  /** The latest step's. */
  latest: Result | null = null;
  /** The latest evaluation's. */
  test: Result | null = null;
  best: (Result & { step: number }) | null = null;
  private earlierSeconds = 0;
  private recent: { at: number; samples: number }[] = [];

  constructor(
    private startedAt: number,
    /** For a metric of which more is better: accuracy. */
    private readonly higherIsBetter: boolean,
  ) {}

  beginEpoch(): void {
    this.epochSums = { samples: 0, loss: 0, metric: 0 };
  }

  stepped(sums: StepSums, now: number): void {
    this.step++;
    this.samplesTrained += sums.samples;
    this.epochSums.samples += sums.samples;
    this.epochSums.loss += sums.loss;
    this.epochSums.metric += sums.metric;
    this.latest = meansOf(sums);
    this.recent.push({ at: now, samples: sums.samples });
    while (this.recent.length > 2 && now - this.recent[0]!.at > RATE_WINDOW_MS) this.recent.shift();
  }

  evaluated(step: number, totals: EvaluationTotals): void {
    this.evaluatedAt = step;
    this.test = meansOf(totals);
    const gain = this.best ? this.test.metric - this.best.metric : 1;
    if (!this.best || (this.higherIsBetter ? gain > 0 : gain < 0)) this.best = { ...this.test, step };
  }

  /** Means over the epoch in progress, or over the one that has just ended. */
  train(): Result | null {
    return this.epochSums.samples > 0 ? meansOf(this.epochSums) : null;
  }

  /** Samples a second over the last few seconds; 0 before the second step. */
  samplesPerSecond(): number {
    const first = this.recent[0];
    const last = this.recent.at(-1);
    if (!first || !last || last.at <= first.at) return 0;
    const samples = this.recent.slice(1).reduce((sum, entry) => sum + entry.samples, 0);
    return (samples * 1000) / (last.at - first.at);
  }

  /** Seconds that the run has taken, those before a resume included. */
  seconds(now: number): number {
    return this.earlierSeconds + (now - this.startedAt) / 1000;
  }

  store(now: number): StoredProgress {
    const { step, evaluatedAt, samplesTrained, latest, test, best } = this;
    return {
      step,
      evaluatedAt,
      samplesTrained,
      seconds: this.seconds(now),
      shards: { ...this.shards },
      epochSums: { ...this.epochSums },
      latest,
      test,
      best,
    };
  }

  restore(stored: StoredProgress, now: number): void {
    const { step, evaluatedAt, samplesTrained, latest, test, best } = stored;
    Object.assign(this, { step, evaluatedAt, samplesTrained, latest, test, best });
    Object.assign(this.shards, stored.shards);
    this.epochSums = { ...stored.epochSums };
    this.earlierSeconds = stored.seconds;
    this.startedAt = now;
  }
}

/** From sums over samples to means. */
export function meansOf({ samples, loss, metric }: StepSums): Result {
  return { samples, loss: loss / samples, metric: metric / samples };
}
