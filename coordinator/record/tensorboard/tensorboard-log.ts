/**
 * A run for TensorBoard: `train/` has each step, `test/` (or `validation/`) each evaluation, the weights and the
 * mistakes at it. What cannot be written is told once and costs the run nothing: `swarmgrad metrics` makes the curves anew from the run's files.
 */
import { join } from 'node:path';
import type { ModelView } from '../../../shared/status/monitoring.js';
import { messageOf } from '../../../shared/user-error.js';
import { EventFile } from './event-file.js';
import { directoryOf, histogramsOf, type MetricsLine, mistakesOf, scalarsOf } from './summaries.js';

const FLUSH_MS = 1000;

export interface TensorBoardOptions {
  /** Updates made so far: what earlier files have of later steps is of a future that never was. */
  lastStep: number;
  /** Whether evaluations look at a validation set. */
  validation?: boolean;
  warn: (text: string) => void;
  /** Milliseconds since 1970. */
  wallClock?: () => number;
}

export class TensorBoardLog {
  private hasFailed = false;
  private readonly timer: NodeJS.Timeout;

  private constructor(
    private readonly files: { train: EventFile; test: EventFile; validation?: EventFile },
    private readonly options: TensorBoardOptions & { wallClock: () => number },
  ) {
    this.timer = setInterval(() => void this.flush(), FLUSH_MS).unref();
  }

  /** @throws errors of the file system */
  static async open(
    dir: string,
    { wallClock = Date.now, ...options }: TensorBoardOptions,
  ): Promise<TensorBoardLog> {
    const how = { startStep: options.lastStep > 0 ? options.lastStep + 1 : undefined, now: wallClock() };
    const train = await EventFile.create(join(dir, 'train'), how);
    const test = await EventFile.create(join(dir, 'test'), how);
    const files = { train, test };
    if (!options.validation) return new TensorBoardLog(files, { ...options, wallClock });
    const validation = await EventFile.create(join(dir, 'validation'), how);
    return new TensorBoardLog({ ...files, validation }, { ...options, wallClock });
  }

  /** @param line of `metrics.jsonl` */
  line(line: MetricsLine): void {
    const part = directoryOf(line);
    if (part) this.add(this.fileOf(part), line.step as number, scalarsOf(line));
  }

  /** The model at an evaluation. */
  model(view: ModelView, set: 'validation' | 'test' = 'test'): void {
    if (view.histograms) this.add(this.files.train, view.histograms.step, histogramsOf(view));
    this.mistakes(view, set);
  }

  mistakes(view: ModelView, set: 'validation' | 'test'): void {
    if (view.evaluation) this.add(this.fileOf(set), view.evaluation.step, mistakesOf(view));
  }

  private fileOf(part: 'train' | 'validation' | 'test'): EventFile {
    return this.files[part] ?? this.files.test;
  }

  /** Resolves when all events so far are written, or the disk has refused them; never rejects. */
  async flush(): Promise<void> {
    await Promise.all(Object.values(this.files).map((file) => file.flush())).catch((error) =>
      this.failed(error),
    );
  }

  /** Writes what waits, and ends; never rejects. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    for (const file of Object.values(this.files)) await file.close().catch((error) => this.failed(error));
  }

  private add(file: EventFile, step: number, summary: ReturnType<typeof scalarsOf>): void {
    if (summary.length === 0) return;
    if (!file.add({ step, wallTime: this.options.wallClock() / 1000, summary }))
      this.failed('too much waits for the disk');
  }

  private failed(error: unknown): void {
    if (this.hasFailed) return;
    this.hasFailed = true;
    this.options.warn(
      `TensorBoard's files are not being written: ${messageOf(error)}; the run goes on, and \`swarmgrad metrics RUN_DIR --tensorboard DIR\` makes its curves anew`,
    );
  }
}
