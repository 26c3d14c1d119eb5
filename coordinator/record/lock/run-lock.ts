/**
 * One coordinator a run: a lock file in the run's folder that says who has it. An owner that was only frozen, and has
 * been taken for dead, finds out at its next beat that the lock is no longer its own.
 */
import { readFile } from 'node:fs/promises';
import { messageOf, UserError } from '../../../shared/user-error.js';
import { createAtomically, writeAll, writeJsonAtomically } from '../folder/atomic-file.js';
import { codeOf, disk, remedyFor } from '../folder/disk.js';
import { nextGeneration, type RunGeneration } from './generation.js';
import { BEAT_MS, lives, newOwner, type Owner, parseOwner } from './owner.js';
import { type LockFiles, takeLock } from './take.js';

export interface LockPaths {
  lock: string;
  /** {@link RunGeneration} of the latest coordinator. */
  generation: string;
}

export class RunLock {
  private owner: Owner | undefined;
  private path = '';
  private beat: NodeJS.Timeout | undefined;
  private readonly losing = new AbortController();
  /** Aborted, with an Error that says why, once another coordinator has taken the lock. */
  readonly lost: AbortSignal = this.losing.signal;

  /**
   * Takes the lock, and counts the starts of a run that goes on.
   * @param first of a new run
   * @throws UserError if another coordinator lives, or the folder cannot be written
   */
  async acquire(
    paths: LockPaths,
    tell: (text: string) => void,
    first?: RunGeneration,
  ): Promise<RunGeneration> {
    try {
      await this.take(paths.lock, tell);
      const generation = first ?? (await nextGeneration(paths.generation, tell));
      await writeJsonAtomically(paths.generation, generation);
      return generation;
    } catch (error) {
      await this.release();
      if (error instanceof UserError) throw error;
      throw new UserError(`the run's folder cannot be locked: ${messageOf(error)}; ${remedyFor(error)}`);
    }
  }

  /** Gives the lock back, if it is still one's own. */
  async release(): Promise<void> {
    clearInterval(this.beat);
    const { path } = this;
    if (this.owner && (await this.isMine())) await disk.rm(path, { force: true }).catch(() => undefined);
    this.owner = undefined;
  }

  /** @throws if another coordinator has taken over: nothing more may be written */
  async check(): Promise<void> {
    if (!this.owner || (await this.isMine())) return;
    const why = new Error(`another coordinator has taken over this run (${this.path})`);
    this.owner = undefined;
    clearInterval(this.beat);
    this.losing.abort(why);
    throw why;
  }

  private async take(path: string, tell: (text: string) => void): Promise<void> {
    this.path = path;
    const owner = newOwner();
    await takeLock(path, { owner, files, lives: (other, at) => lives(other, at, tell) });
    this.owner = owner;
    this.beat = setInterval(() => void this.touch(), BEAT_MS).unref();
  }

  private async isMine(): Promise<boolean> {
    // What cannot be read says nothing: a disk that fails for a moment takes no lock away.
    const found = await readFile(this.path, 'utf8').then(
      (text) => parseOwner(text) ?? this.owner,
      (error) => (error.code === 'ENOENT' ? undefined : this.owner),
    );
    return found?.id === this.owner?.id;
  }

  /** A disk that fails for a moment takes no lock away. */
  private async touch(): Promise<void> {
    await this.check()
      .then(
        () => disk.utimes(this.path, new Date(), new Date()),
        () => undefined,
      )
      .catch(() => undefined);
  }
}

const read = (path: string): Promise<string | undefined> =>
  readFile(path, 'utf8').catch((error) => void unless('ENOENT')(error));

const files: LockFiles = {
  read,
  async create(path, text) {
    try {
      await createAtomically(path, (file) => writeAll(file, Buffer.from(text)));
      return true;
    } catch (error) {
      // It may be there, and only its folder could not be fsynced: nobody is to wait for this process to end.
      if ((await read(path).catch(() => undefined)) === text) await disk.rm(path, { force: true });
      return unless('EEXIST')(error);
    }
  },
  move: (from, to) => disk.rename(from, to).then(() => true, unless('ENOENT')),
  remove: (path) => disk.rm(path, { force: true }),
};

/** False for that error. @throws any other */
function unless(code: string) {
  return (error: unknown): false => {
    if (codeOf(error) !== code) throw error;
    return false;
  };
}
