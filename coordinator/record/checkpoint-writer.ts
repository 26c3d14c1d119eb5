/**
 * Writes checkpoints into their folder: one file a step, the newest few kept.
 *
 * It never stops the run, and a failure never ends it: it is told, and the next checkpoint tries again.
 */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../shared/user-error.js';
import { atomically, TEMPORARY_SUFFIX } from './atomic-file.js';
import { type CheckpointState, checkpointName, type Section } from './checkpoint-format.js';
import { listCheckpoints } from './checkpoint-reader.js';
import { Snapshot } from './snapshot.js';

export interface CheckpointOptions {
  /** How many of the newest stay. */
  keep: number;
  /** Called before a checkpoint becomes visible: what it implies must be on disk by then. */
  beforeCommit(): Promise<void>;
  written(step: number, path: string): void;
  warn(text: string): void;
}

export interface RunningCheckpoint {
  /** See `Snapshot.preserve`. */
  preserve(section: string, chunk: number): void;
  /** Whether it was written; never rejects. */
  done: Promise<boolean>;
}

export class CheckpointWriter {
  private running: RunningCheckpoint | undefined;

  constructor(
    private readonly dir: string,
    private readonly options: CheckpointOptions,
  ) {}

  /**
   * Begins to write `state` and `sections` as they are now. One at a time: while another is being written
   * this one is left out, which is told, and undefined returned.
   */
  begin(state: CheckpointState, sections: readonly Section[]): RunningCheckpoint | undefined {
    if (this.running) {
      this.options.warn(
        `no checkpoint at step ${state.progress.step}: the one before is still being written (slow disk?)`,
      );
      return undefined;
    }
    const snapshot = new Snapshot(state, sections);
    const done = this.write(snapshot).finally(() => {
      this.running = undefined;
    });
    this.running = { preserve: (section, chunk) => snapshot.preserve(section, chunk), done };
    return this.running;
  }

  /** Resolves when nothing is being written. */
  async settled(): Promise<void> {
    await this.running?.done;
  }

  private async write(snapshot: Snapshot): Promise<boolean> {
    const { step } = snapshot.state.progress;
    const path = join(this.dir, checkpointName(step));
    try {
      await mkdir(this.dir, { recursive: true });
      await atomically(path, async (file) => {
        await snapshot.write(file);
        await this.options.beforeCommit();
      });
    } catch (error) {
      this.options.warn(
        `NO CHECKPOINT was written at step ${step}: ${messageOf(error)}; training goes on, the next checkpoint tries again`,
      );
      return false;
    } finally {
      snapshot.release();
    }
    this.options.written(step, path);
    await this.prune(step).catch((error) => this.options.warn(`old checkpoints stay: ${messageOf(error)}`));
    return true;
  }

  /** A step beyond the newest good one can only be a damaged file that a resume has passed over. */
  private async prune(newest: number): Promise<void> {
    const found = await listCheckpoints(this.dir);
    const past = found.filter(({ step }) => step <= newest);
    const beyond = found.filter(({ step }) => step > newest);
    for (const { path } of [...beyond, ...past.slice(this.options.keep)]) await rm(path, { force: true });
    for (const name of await readdir(this.dir)) {
      if (name.endsWith(TEMPORARY_SUFFIX)) await rm(join(this.dir, name), { force: true });
    }
  }
}
