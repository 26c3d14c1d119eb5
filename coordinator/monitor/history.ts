/** The curves of a run in bounded memory: fed step by step, or from `metrics.jsonl`. */
import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { MetricName } from '../../shared/losses.js';
import type { Change, Column, HistoryView } from '../../shared/monitoring.js';
import type { EvaluationEntry, StepEntry } from '../record/metrics.js';
import { type BucketRow, Buckets, widthFor } from './buckets.js';

/** About 20 MB when full; a run of 1,000,000 steps then has one bucket for 32 steps. */
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

  constructor(private readonly metric: MetricName) {}

  step({ step, loss, metric, learningRate, gradientNorm, samples }: Omit<StepEntry, 'epoch' | 'time'>): void {
    this.steps.push(step, samples, [loss, metric, learningRate, gradientNorm]);
  }

  evaluation({
    step,
    loss,
    metric,
    samples,
  }: Pick<EvaluationEntry, 'step' | 'loss' | 'metric' | 'samples'>): void {
    this.evaluations.push(step, samples, [loss, metric]);
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
        loss: column(rows, 0),
        metric: column(rows, 1),
        learningRate: column(rows, 2),
        gradientNorm: column(rows, 3),
      },
      evaluations: { step: tests.map((row) => row.step), loss: column(tests, 0), metric: column(tests, 1) },
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
): Promise<Record<string, number> | undefined> {
  if (!existsSync(path)) return undefined;
  let last: Record<string, number> | undefined;
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
  for await (const line of lines) {
    const entry = parse(line);
    if (!entry) continue;
    if (entry.type === 'change') history.changes.push(changeOf(entry));
    else if (entry.step > lastStep) continue;
    else if (entry.type === 'step') history.step((last = { ...entry, metric: entry[metric] }) as never);
    else if (entry.type === 'evaluation') history.evaluation({ ...entry, metric: entry[metric] } as never);
  }
  return last;
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
