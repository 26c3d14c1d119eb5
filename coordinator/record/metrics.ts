/**
 * RUN_DIR/metrics.jsonl: one line a step, one an evaluation, and one a change that an admin made, appended.
 *
 * Lines are buffered and written every second, at each checkpoint and at the end. A failing disk is told
 * once; lines wait in memory, up to a bound, until it takes them again.
 *
 * `step` counts updates: line `step: 1` is of the first one, and an evaluation's line has the number of
 * updates that its weights have seen. A change stands before the steps that it is for. A resumed run's file equals an undisturbed one's, but for `time`.
 */
import { createReadStream, existsSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { MetricName } from '../../shared/losses.js';
import type { Change } from '../../shared/monitoring.js';
import { messageOf } from '../../shared/user-error.js';
import { atomically, writeAll } from './atomic-file.js';

const FLUSH_MS = 1000;
/** About 20 MB. */
const MAX_WAITING_LINES = 100_000;
const BLOCK_LINES = 1000;

interface Entry {
  step: number;
  /** The epoch of the step, from 1. */
  epoch: number;
  /** Means over `samples`. */
  loss: number;
  metric: number;
  samples: number;
  /** Seconds that the run has taken so far. */
  time: number;
}

export interface StepEntry extends Entry {
  learningRate: number;
  /** Of the mean gradient, before clipping. */
  gradientNorm: number;
}

export type EvaluationEntry = Entry;

export class MetricsLog {
  private waiting: string[] = [];
  private writing: Promise<void> = Promise.resolve();
  private failed = false;
  private readonly timer: NodeJS.Timeout;

  private constructor(
    private readonly file: FileHandle,
    /** Length of what is known to be in the file. */
    private size: number,
    private readonly metric: MetricName,
    private readonly warn: (text: string) => void,
  ) {
    this.timer = setInterval(() => void this.flush(), FLUSH_MS).unref();
  }

  /** @param lastStep updates made so far: later lines in the file are of a future that never was */
  static async open(
    path: string,
    lastStep: number,
    metric: MetricName,
    warn: (text: string) => void,
  ): Promise<MetricsLog> {
    if (existsSync(path)) await dropAfter(path, lastStep);
    const file = await open(path, existsSync(path) ? 'r+' : 'w');
    return new MetricsLog(file, (await file.stat()).size, metric, warn);
  }

  step({ step, epoch, loss, metric, learningRate, gradientNorm, samples, time }: StepEntry): void {
    this.add({
      type: 'step',
      step,
      epoch,
      loss,
      [this.metric]: metric,
      learningRate,
      gradientNorm,
      samples,
      time,
    });
  }

  evaluation({ step, epoch, loss, metric, samples, time }: EvaluationEntry): void {
    this.add({ type: 'evaluation', step, epoch, loss, [this.metric]: metric, samples, time });
  }

  /** Written at once: a run that is killed now, and resumed, must make the change again. */
  change(change: Change & { time: number }): void {
    this.add({ type: 'change', ...change });
    void this.flush();
  }

  /** Resolves when all lines so far are written, or the disk has refused them; never rejects. */
  flush(): Promise<void> {
    this.writing = this.writing.then(() => this.write());
    return this.writing;
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.flush();
    await this.file.close();
  }

  /** Ends without writing what waits: the file is another coordinator's now. */
  async abandon(): Promise<void> {
    clearInterval(this.timer);
    await this.writing;
    await this.file.close();
  }

  private add(line: object): void {
    if (this.waiting.push(`${JSON.stringify(line)}\n`) > MAX_WAITING_LINES) this.waiting.shift();
  }

  /** At a fixed position, so that what a full disk has taken of a block is written over, not repeated. */
  private async write(): Promise<void> {
    if (this.waiting.length === 0) return;
    const lines = this.waiting;
    this.waiting = [];
    const bytes = Buffer.from(lines.join(''));
    try {
      if (this.failed) await this.file.truncate(this.size);
      await writeAll(this.file, bytes, this.size);
      this.size += bytes.length;
      this.failed = false;
    } catch (error) {
      this.waiting = [...lines, ...this.waiting].slice(-MAX_WAITING_LINES);
      if (!this.failed) {
        const text = `metrics are not being written: ${messageOf(error)}; the last ${MAX_WAITING_LINES} lines wait in memory`;
        this.warn(text);
      }
      this.failed = true;
    }
  }
}

/**
 * Keeps the lines of steps up to `lastStep`, and changes, which the resumed run makes again at their step. A
 * line cut short by a crash goes.
 */
async function dropAfter(path: string, lastStep: number): Promise<void> {
  const input = createReadStream(path);
  try {
    await atomically(path, async (file) => {
      let block: string[] = [];
      const write = async () => {
        await writeAll(file, Buffer.from(block.join('')));
        block = [];
      };
      for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
        if (isKept(line, lastStep) && block.push(`${line}\n`) >= BLOCK_LINES) await write();
      }
      await write();
    });
  } finally {
    input.destroy();
  }
}

function isKept(line: string, lastStep: number): boolean {
  try {
    const { type, step } = JSON.parse(line);
    return step <= lastStep || type === 'change';
  } catch {
    return false;
  }
}
