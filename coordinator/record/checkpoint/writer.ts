/**
 * Writes checkpoints into their folder: one file a step, the newest few kept.
 *
 * It never stops the run, and a failure never ends it: it is told, and the next checkpoint tries again. On a full
 * disk older checkpoints give way to the new one, but for the newest that is known to be whole.
 */
import { type FileHandle, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../../shared/user-error.js';
import { atomically, makeFolder, TEMPORARY_SUFFIX } from '../folder/atomic-file.js';
import { disk, isFull } from '../folder/disk.js';
import { checkpointName } from '../folder/run-folder.js';
import type { CheckpointState, Section } from './format.js';
import { listCheckpoints } from './reader.js';
import { Snapshot } from './snapshot.js';

export interface CheckpointOptions {
  /** How many of the newest stay. */
  keep: number;
  /** Called before a checkpoint becomes visible: what it implies must be on disk by then. */
  beforeCommit(): Promise<void>;
  /** A checkpoint is on disk, and older ones may go. Never rejects. */
  committed(state: CheckpointState, path: string): Promise<void>;
  written(step: number, path: string): void;
  /** It could not be written. */
  failed(step: number, error: unknown): void;
  warn(text: string): void;
}

export interface RunningCheckpoint {
  /** See `Snapshot.preserve`. */
  preserve(section: string, chunk: number): void;
  /** Whether it was written; never rejects. */
  done: Promise<boolean>;
}

export class CheckpointWriter {
  private running: (RunningCheckpoint & { step: number }) | undefined;
  /** Path of the newest checkpoint that is known to be whole. */
  private good: string | undefined;

  constructor(
    private readonly dir: string,
    private readonly options: CheckpointOptions,
    /** Path of the one with which the run goes on. */
    good?: string,
  ) {
    this.good = good;
  }

  /**
   * Begins to write `state` and `sections` as they are now. One at a time: while another is being written
   * this one is left out, which is told, and undefined returned; unless the other is of the same step, which is returned.
   */
  begin(state: CheckpointState, sections: readonly Section[]): RunningCheckpoint | undefined {
    const { step } = state.progress;
    if (this.running?.step === step) return this.running;
    if (this.running) {
      this.options.warn(
        `no checkpoint at step ${step}: the one before is still being written; training goes on, and the next one is due as usual (a larger --checkpoint-every lets a slow disk keep up)`,
      );
      return undefined;
    }
    const snapshot = new Snapshot(state, sections);
    const done = this.write(snapshot).finally(() => {
      this.running = undefined;
    });
    this.running = { step, preserve: (section, chunk) => snapshot.preserve(section, chunk), done };
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
      await makeFolder(this.dir);
      await atomically(path, async (file) => {
        let position = 0;
        await snapshot.write(async (bytes) => {
          await this.append(file, bytes, position);
          position += bytes.length;
        });
        await this.options.beforeCommit();
      });
    } catch (error) {
      // Where only fsync finds the disk full, the next one shall find room.
      if (isFull(error)) await this.makeRoom();
      this.options.failed(step, error);
      return false;
    } finally {
      snapshot.release();
    }
    this.good = path;
    await this.options.committed(snapshot.state, path);
    this.options.written(step, path);
    await this.prune(step).catch((error) => this.options.warn(`old checkpoints stay: ${messageOf(error)}`));
    return true;
  }

  /** What a full disk has not taken it is given again, as long as older checkpoints make room. */
  private async append(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      try {
        const { bytesWritten } = await file.write(bytes, at, bytes.length - at, position + at);
        at += bytesWritten;
      } catch (error) {
        if (!(isFull(error) && (await this.makeRoom()))) throw error;
      }
    }
  }

  /** Deletes the oldest checkpoint, but never the newest that is whole. @returns whether there was one to delete */
  async makeRoom(): Promise<boolean> {
    const others = (await listCheckpoints(this.dir)).filter(({ path }) => path !== this.good);
    const oldest = others.at(-1);
    // Nothing is known to be whole: each of them may be what is left.
    if (!oldest || this.good === undefined) return false;
    await disk.rm(oldest.path, { force: true });
    this.options.warn(`the disk is full: ${oldest.path} was deleted to make room`);
    return true;
  }

  /** A step beyond the newest good one can only be a damaged file that a resume has passed over. */
  private async prune(newest: number): Promise<void> {
    const found = await listCheckpoints(this.dir);
    const past = found.filter(({ step }) => step <= newest);
    const beyond = found.filter(({ step }) => step > newest);
    for (const { path } of [...beyond, ...past.slice(this.options.keep)])
      await disk.rm(path, { force: true });
    for (const name of await readdir(this.dir)) {
      if (name.endsWith(TEMPORARY_SUFFIX)) await disk.rm(join(this.dir, name), { force: true });
    }
  }
}
