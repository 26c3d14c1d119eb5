/**
 * RUN_DIR/metrics.jsonl: one line a step, one an evaluation, and one a change that an admin made, appended; one more
 * of type `test` at the end of a run with a validation set.
 *
 * Lines are buffered and written every second, at each checkpoint and at the end. A failing disk is told
 * once; lines wait in memory, up to a bound, until it takes them again.
 *
 * `step` counts updates, or rounds, which have `updates` besides: line `step: 1` is of the first one, and an evaluation's line has the number of
 * updates that its weights have seen. A change stands before the steps that it is for. A resumed run's file equals an undisturbed one's, but for `time`.
 */
import { createReadStream, existsSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import type { MetricName } from '../../../shared/numerics/losses.js';
import type { Change } from '../../../shared/status/monitoring.js';
import { messageOf } from '../../../shared/user-error.js';
import { atomically, syncFolder, writeAll } from './atomic-file.js';
import { disk } from './disk.js';

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
  /** In rounds: updates of each replica so far. */
  updates?: number | undefined;
  /** The norm of the mean gradient, before clipping; in rounds that of the replicas' mean change. */
  gradientNorm: number;
}

export interface EvaluationEntry extends Entry {
  /** Which set was evaluated. */
  set: 'validation' | 'test';
  /** Of `--metrics`, each under its name. */
  metrics?: Record<string, number>;
}

export class MetricsLog {
  private waiting: string[] = [];
  private writing: Promise<void> = Promise.resolve();
  /** The error of the latest write. */
  private failure: unknown;
  private syncFailed = false;
  /** Length of what a power loss leaves. */
  private synced: number;
  private readonly timer: NodeJS.Timeout;

  private constructor(
    private readonly file: FileHandle,
    /** Length of what is known to be in the file. */
    private size: number,
    private readonly metric: MetricName,
    private readonly warn: (text: string) => void,
    private readonly also: (line: Readonly<Record<string, unknown>>) => void,
  ) {
    this.synced = size;
    this.timer = setInterval(() => void this.flush(), FLUSH_MS).unref();
  }

  /**
   * @param lastStep updates made so far: later lines in the file are of a future that never was
   * @param also hears each line
   * @param lastEvaluation the step of the latest one; what later ones have changed they change again
   */
  static async open(
    path: string,
    lastStep: number,
    metric: MetricName,
    warn: (text: string) => void,
    also: (line: Readonly<Record<string, unknown>>) => void = () => undefined,
    lastEvaluation = lastStep,
  ): Promise<MetricsLog> {
    const isNew = !existsSync(path);
    if (!isNew) await dropAfter(path, { lastStep, lastEvaluation });
    const file = await disk.open(path, isNew ? 'w+' : 'r+');
    try {
      if (isNew) await syncFolder(dirname(path));
      return new MetricsLog(file, (await file.stat()).size, metric, warn, also);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  step({ step, updates, epoch, loss, metric, learningRate, gradientNorm, samples, time }: StepEntry): void {
    this.add({
      type: 'step',
      step,
      ...(updates === undefined ? {} : { updates }),
      epoch,
      loss,
      [this.metric]: metric,
      learningRate,
      gradientNorm,
      samples,
      time,
    });
  }

  evaluation({ set, step, epoch, loss, metric, metrics, samples, time }: EvaluationEntry): void {
    this.add({
      ...{ type: 'evaluation', set, step, epoch, loss, [this.metric]: metric, ...metrics, samples, time },
    });
  }

  /** The one evaluation of the test set, at the end of a run with a validation set. */
  finalTest({ step, epoch, loss, metric, metrics, samples, time }: Omit<EvaluationEntry, 'set'>): void {
    this.add({ type: 'test', step, epoch, loss, [this.metric]: metric, ...metrics, samples, time });
  }

  /** Writes the change to disk at once: after a kill or a power loss the resumed run must make it again. */
  change(change: Change & { time: number }): void {
    this.add({ type: 'change', ...change });
    void this.sync();
  }

  /** Resolves when all lines so far are written, or the disk has refused them; never rejects. */
  flush(): Promise<void> {
    this.writing = this.writing.then(() => this.write());
    return this.writing;
  }

  /** The same, and a power loss takes none of them. @returns why that is not so, if it is not */
  sync(): Promise<unknown> {
    const synced = this.flush().then(() => this.failure ?? this.persist());
    this.writing = synced.then(() => undefined);
    return synced;
  }

  /** Writes what waits, and ends. @throws where lines are lost by that */
  async close(): Promise<void> {
    clearInterval(this.timer);
    const failure = await this.sync();
    await this.file.close();
    if (failure) throw failure;
  }

  /** Ends without writing what waits: the file is another coordinator's now. */
  async abandon(): Promise<void> {
    clearInterval(this.timer);
    await this.writing;
    await this.file.close();
  }

  private add(line: Readonly<Record<string, unknown>>): void {
    this.also(line);
    if (this.waiting.push(`${JSON.stringify(line)}\n`) > MAX_WAITING_LINES) this.waiting.shift();
  }

  /** Writes at a fixed position, so that a block that a full disk took in part is overwritten, not repeated. */
  private async write(): Promise<void> {
    if (this.waiting.length === 0) return;
    const lines = this.waiting;
    this.waiting = [];
    const bytes = Buffer.from(lines.join(''));
    try {
      if (this.failure) await this.file.truncate(this.size);
      await writeAll(this.file, bytes, this.size);
      this.size += bytes.length;
      this.failure = undefined;
    } catch (error) {
      this.waiting = [...lines, ...this.waiting].slice(-MAX_WAITING_LINES);
      if (!this.failure) {
        const text = `metrics are not being written: ${messageOf(error)}; the last ${MAX_WAITING_LINES} lines wait in memory`;
        this.warn(text);
      }
      this.failure = error;
    }
  }

  /** @returns why it could not be done */
  private async persist(): Promise<unknown> {
    const isAgain = this.syncFailed;
    this.syncFailed = true;
    try {
      // A system that could not write a page to its disk takes it for written: it has to be given it again.
      if (isAgain) await this.rewrite();
      await this.file.datasync();
    } catch (error) {
      return error;
    }
    this.syncFailed = false;
    this.synced = this.size;
    return undefined;
  }

  private async rewrite(): Promise<void> {
    const bytes = Buffer.alloc(this.size - this.synced);
    const { bytesRead } = await this.file.read(bytes, 0, bytes.length, this.synced);
    await writeAll(this.file, bytes.subarray(0, bytesRead), this.synced);
  }
}

/** How far the run had come, in steps. */
interface Made {
  lastStep: number;
  lastEvaluation: number;
}

/**
 * Keeps the lines of steps up to `lastStep`, and what admins changed, which the resumed run makes again at its step. A
 * line cut short by a crash goes.
 */
async function dropAfter(path: string, made: Made): Promise<void> {
  const input = createReadStream(path);
  try {
    await atomically(path, async (file) => {
      let block: string[] = [];
      const write = async () => {
        await writeAll(file, Buffer.from(block.join('')));
        block = [];
      };
      for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
        if (isKept(line, made) && block.push(`${line}\n`) >= BLOCK_LINES) await write();
      }
      await write();
    });
  } finally {
    input.destroy();
  }
}

function isKept(line: string, { lastStep, lastEvaluation }: Made): boolean {
  try {
    const { type, step, by } = JSON.parse(line);
    // The end is made anew.
    if (type === 'test') return false;
    return step <= (by === 'plateau' ? lastEvaluation : lastStep) || (type === 'change' && by !== 'plateau');
  } catch {
    return false;
  }
}
