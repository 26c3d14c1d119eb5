/** How far a run is: what changes from step to step, beside weights and optimizer state. */
import type { EvaluationTotals } from '../../shared/data/evaluation-parts.js';
import { median } from '../../shared/numerics/median.js';
import type { RunState, ShardCounters } from '../../shared/status/status.js';
import type { StepSums } from '../step/events.js';
import { type StoredWatching, Watching } from './watch/watching.js';

/** Means over samples. */
export interface Result {
  samples: number;
  loss: number;
  metric: number;
  /** Of an evaluation: those of `--metrics`, by their names in files; absent without that option. */
  metrics?: Record<string, number>;
}

export type EvaluatedSet = 'validation' | 'test';

/** What a checkpoint keeps of it. Plain JSON. */
export interface StoredProgress extends StoredWatching {
  step: number;
  evaluatedAt: number;
  samplesTrained: number;
  seconds: number;
  shards: ShardCounters;
  epochSums: StepSums;
  latest: Result | null;
  test: TestResult | null;
  /** Absent without a validation set. */
  validation?: Result;
}

/** `step`: the updates that the tested weights have seen, where these are not the latest. */
export type TestResult = Result & { step?: number };

/** Samples per second is measured over about this long. */
const RATE_WINDOW_MS = 5_000;
/** So many times a usual step without one, and no rate is told; of fast steps after this long at the earliest. */
const STALE_STEPS = 3;
const STALE_MS = 2_000;

export class Progress {
  state: RunState = 'starting';
  /** Updates made so far. */
  step = 0;
  /** The step of the latest evaluation; 0: there was none. */
  evaluatedAt = 0;
  samplesTrained = 0;
  readonly shards: ShardCounters = { expected: 0, counted: 0, reissued: 0, rejected: 0, duplicates: 0 };
  /** Sums over the epoch in progress. */
  private epochSums: StepSums = { samples: 0, loss: 0, metric: 0 };
  /** The latest step's. */
  latest: Result | null = null;
  /** Of the latest evaluation on the test set. */
  test: TestResult | null = null;
  /** ...and on the validation set. */
  validation: Result | undefined;
  private earlierSeconds = 0;
  /** Measured on the clock of `active`. */
  private recent: { at: number; samples: number }[] = [];
  private movedAt: number | undefined;
  private pausedAt: number | undefined;
  private pausedMs = 0;

  constructor(
    private startedAt: number,
    /** How much one of the metric is to people: a deviation of the target, where that is standardized. */
    private readonly metricUnit = 1,
    readonly watching = new Watching({}),
    /** What `--metrics` asks for; undefined: nothing. */
    private readonly score?: (set: EvaluatedSet, totals: EvaluationTotals) => Record<string, number>,
  ) {}

  /** Turns sums over samples into means, with the metric in the unit of the data. */
  meansOf({ samples, loss, metric }: StepSums): Result {
    return { samples, loss: loss / samples, metric: (metric / samples) * this.metricUnit };
  }

  /** Scores of an evaluation of one of the two sets. */
  resultOf(set: EvaluatedSet, totals: EvaluationTotals): Result {
    const means = this.meansOf(totals);
    return this.score ? { ...means, metrics: this.score(set, totals) } : means;
  }

  beginEpoch(): void {
    this.epochSums = { samples: 0, loss: 0, metric: 0 };
  }

  stepped(sums: StepSums, now: number): void {
    this.step++;
    this.samplesTrained += sums.samples;
    this.epochSums.samples += sums.samples;
    this.epochSums.loss += sums.loss;
    this.epochSums.metric += sums.metric;
    this.latest = this.meansOf(sums);
    const at = this.active(now);
    this.movedAt = at;
    this.recent.push({ at, samples: sums.samples });
    while (this.recent.length > 2 && at - this.recent[0]!.at > RATE_WINDOW_MS) this.recent.shift();
  }

  /** Time does not count until `goOn`. */
  pause(now: number): void {
    this.pausedAt ??= now;
  }

  goOn(now: number): void {
    if (this.pausedAt !== undefined) this.pausedMs += now - this.pausedAt;
    this.pausedAt = undefined;
  }

  /**
   * @param set which of the two was evaluated
   * @param now when that had ended; undefined: nobody asks for how long the run has stood still
   * @returns whether the run keeps these weights as its best
   */
  evaluated(step: number, totals: EvaluationTotals, set: EvaluatedSet = 'test', now?: number): boolean {
    if (now !== undefined) this.movedAt = this.active(now);
    this.evaluatedAt = step;
    const means = this.resultOf(set, totals);
    this[set] = means;
    return this.watching.hear(step, means);
  }

  /** The test set was evaluated at the end, on weights of step `step`. */
  tested(step: number, totals: EvaluationTotals): void {
    this.test = { ...this.resultOf('test', totals), ...(step === this.step ? {} : { step }) };
  }

  /** The run leaves its best weights, which it knows by the test set. */
  leaveBest(): void {
    const { watched, atBest } = this.watching;
    const step = watched?.best?.step;
    if (atBest && step !== undefined && step !== this.step) this.test = { ...atBest, step };
  }

  /** Why the run makes no further step although some are left; undefined: it does. */
  get spent(): string | undefined {
    return this.watching.spentAt(this.step);
  }

  /** Means over the epoch in progress, or over the one that has just ended. */
  train(): Result | null {
    return this.epochSums.samples > 0 ? this.meansOf(this.epochSums) : null;
  }

  /** Samples a second over the last few seconds; 0 before the second step, while paused, and once no step comes. */
  samplesPerSecond(now: number): number {
    if (this.pausedAt !== undefined || isStale(this.recent, this.active(now))) return 0;
    return rateOf(this.recent);
  }

  /** Seconds since the latest step or evaluation of this start; since the start before both. */
  secondsStill(now: number): number {
    return (this.active(now) - (this.movedAt ?? this.startedAt)) / 1000;
  }

  /** Seconds that the run has taken, those before a resume included, pauses left out. */
  seconds(now: number): number {
    return this.earlierSeconds + (this.active(now) - this.startedAt) / 1000;
  }

  private active(now: number): number {
    return (this.pausedAt ?? now) - this.pausedMs;
  }

  store(now: number): StoredProgress {
    const { step, evaluatedAt, samplesTrained, latest, test, validation } = this;
    return {
      step,
      evaluatedAt,
      samplesTrained,
      seconds: this.seconds(now),
      shards: { ...this.shards },
      epochSums: { ...this.epochSums },
      latest,
      test,
      ...(validation ? { validation } : {}),
      ...this.watching.store(),
    };
  }

  restore(stored: StoredProgress, now: number): void {
    const { step, evaluatedAt, samplesTrained, latest, test } = stored;
    Object.assign(this, { step, evaluatedAt, samplesTrained, latest, test });
    this.validation = stored.validation;
    this.watching.restore(stored);
    Object.assign(this.shards, stored.shards);
    this.epochSums = { ...stored.epochSums };
    this.earlierSeconds = stored.seconds;
    this.startedAt = this.active(now);
  }
}

/** A step: when it had ended, in milliseconds, and its samples. */
interface Stepped {
  at: number;
  samples: number;
}

/** Samples a second from the end of the first of these steps to that of the last. */
export function rateOf(steps: readonly Stepped[]): number {
  const [first, last] = [steps[0], steps.at(-1)];
  if (!first || !last || last.at <= first.at) return 0;
  const samples = steps.slice(1).reduce((sum, step) => sum + step.samples, 0);
  return (samples * 1000) / (last.at - first.at);
}

/** Whether these steps are of a run that stands still by now: what was measured of it then says nothing any more. */
export function isStale(steps: readonly Stepped[], now: number): boolean {
  const last = steps.at(-1);
  if (!last) return true;
  const usual = steps.length > 1 ? median(steps.slice(1).map(({ at }, i) => at - steps[i]!.at)) : 0;
  return now - last.at > Math.max(STALE_MS, STALE_STEPS * usual);
}
