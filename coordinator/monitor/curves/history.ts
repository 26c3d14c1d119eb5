/** The curves of a run in bounded memory: fed step by step, or from `metrics.jsonl`. */
import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { MetricName } from '../../../shared/numerics/losses.js';
import type { Change, Column, HistoryView } from '../../../shared/status/monitoring.js';
import type { EvaluationEntry, StepEntry } from '../../record/folder/metrics.js';
import { Course } from '../../run/watch/course.js';
import { type BucketRow, Buckets, widthFor } from './buckets.js';

/** About 25 MB when full; a run of 1,000,000 steps then has one bucket for 32 steps. */
const STEP_BUCKETS = 32_768;
const EVALUATION_BUCKETS = 8192;
export const MAX_POINTS = 4000;
const DEFAULT_POINTS = 1000;

export interface HistoryQuery {
  from?: number | undefined;
  to?: number | undefined;
  points?: number | undefined;
  /** Steps of a bucket, instead of `points`: to go on with a curve. */
  every?: number | undefined;
}

export class History {
  private readonly steps = new Buckets(STEP_BUCKETS);
  private readonly evaluations = new Buckets(EVALUATION_BUCKETS);
  /** What admins have changed, in order. */
  changes: Change[] = [];
  private samples = 0;
  private evaluatedOn: HistoryView['evaluatedOn'] = 'test';

  /** What all of it together says. */
  readonly course: Course;

  constructor(private readonly metric: MetricName) {
    this.course = new Course(metric);
  }

  step(entry: Omit<StepEntry, 'epoch'>): void {
    const { step, loss, metric, learningRate, gradientNorm, samples, time } = entry;
    this.samples += samples;
    this.steps.push(step, samples, [loss, metric, learningRate, gradientNorm, this.samples, time]);
    this.course.step({ step, samples, loss, metric });
  }

  evaluation({
    step,
    loss,
    metric,
    samples,
    set,
  }: Pick<EvaluationEntry, 'step' | 'loss' | 'metric' | 'samples' | 'set'>): void {
    this.evaluatedOn = set;
    this.evaluations.push(step, samples, [loss, metric]);
    this.course.evaluation({ step, metric });
  }

  view({ from = 1, to = this.steps.last, points = DEFAULT_POINTS, every }: HistoryQuery): HistoryView {
    const limit = Math.max(2, Math.min(MAX_POINTS, points));
    const end = Math.max(from, Math.min(to, Math.max(this.steps.last, this.evaluations.last)));
    const fine = widthFor(from, end, every ? MAX_POINTS : limit);
    const width = Math.max(fine, powerOfTwo(every ?? 1), this.steps.width);
    const rows = this.steps.query(from, end, width);
    const tests = this.evaluations.query(from, end, Math.max(1, fine));
    return {
      metric: this.metric,
      changes: this.changes,
      every: width,
      curve: {
        step: rows.map((row) => row.step),
        samples: rows.map(({ max }) => max[4]!),
        time: rows.map(({ max }) => max[5]!),
        loss: column(rows, 0),
        metric: column(rows, 1),
        learningRate: column(rows, 2),
        gradientNorm: column(rows, 3),
      },
      evaluations: { step: tests.map((row) => row.step), loss: column(tests, 0), metric: column(tests, 1) },
      evaluatedOn: this.evaluatedOn,
    };
  }
}

const column = (rows: readonly BucketRow[], at: number): Column => ({
  min: rows.map((row) => row.min[at]!),
  max: rows.map((row) => row.max[at]!),
  mean: rows.map((row) => row.mean[at]!),
});

const powerOfTwo = (every: number) => 2 ** Math.floor(Math.log2(Math.max(1, Math.min(every, 2 ** 40))));

/** Takes the lines of `metrics.jsonl` up to step `lastStep`, and the changes of later ones too. Bad lines are skipped. */
export async function readHistory(
  path: string,
  history: History,
  metric: MetricName,
  lastStep = Number.POSITIVE_INFINITY,
): Promise<Line | undefined> {
  if (!existsSync(path)) return undefined;
  let last: Line | undefined;
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
  for await (const text of lines) {
    const taken = takeLine(text, history, metric, lastStep);
    if (taken?.type === 'step') last = taken.line;
  }
  return last;
}

/** The numbers of a line, and its metric under that name too. */
export type Line = Record<string, number>;

/** A line of metrics. `test`: of the one evaluation of the test set beside a curve of the validation set. */
export interface Taken {
  type: 'step' | 'evaluation' | 'test';
  /** What an evaluation looked at. */
  set: 'validation' | 'test';
  line: Line;
}

/** @returns the line, if it is of a step or an evaluation and was taken */
export function takeLine(
  text: string,
  history: History,
  metric: MetricName,
  lastStep = Number.POSITIVE_INFINITY,
): Taken | undefined {
  const entry = parse(text);
  if (entry?.type === 'change') history.changes.push(changeOf(entry));
  if (!entry || entry.step > lastStep || !['step', 'evaluation', 'test'].includes(entry.type))
    return undefined;
  const line = { ...entry, metric: entry[metric] };
  // Runs of older versions evaluated nothing but the test set.
  const set = entry.set === 'validation' ? 'validation' : 'test';
  if (entry.type === 'evaluation') history.evaluation({ ...line, set });
  if (entry.type === 'step') history.step(line);
  return { type: entry.type, set, line };
}

// biome-ignore lint/suspicious/noExplicitAny: a line of a file, whose numbers are drawn and nothing else
function parse(line: string): any {
  try {
    const entry = JSON.parse(line);
    return Number.isSafeInteger(entry?.step) ? entry : undefined;
  } catch {
    return undefined;
  }
}

const changeOf = ({ type: _type, time: _time, ...change }: Record<string, unknown>) =>
  change as unknown as Change;
