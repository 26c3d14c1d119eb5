/**
 * One coordinator a run: a lock file in the run's folder that says who has it, and whether that one lives.
 *
 * On the same machine the system knows: a process id, with the time at which the process began, since ids
 * are used again. From another machine or container only the file can be watched: its owner touches it
 * every few seconds, and one whose file has not changed for a while is dead. What is compared are changes,
 * never clocks. An owner that was only frozen finds out at its next beat that the lock is no longer its own.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { link, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, UserError } from '../../shared/user-error.js';
import { writeJsonAtomically } from './atomic-file.js';

/** The owner touches its lock this often. */
const BEAT_MS = 2_000;
/** A lock of another machine that does not change for so long has no owner any more. */
const WATCH_MS = 6_000;
/** Attempts against others that want the same lock at the same time. */
const ATTEMPTS = 5;

/** What stands in the lock file. */
interface Owner {
  id: string;
  pid: number;
  host: string;
  /** Machine, start of its system, and the space of its process ids: where `pid` means the same process. */
  place: string;
  /** When the process began, on the system's own count; empty where it cannot be known. */
  began: string;
  /** For people. */
  since: string;
}

export interface LockPaths {
  lock: string;
  /** {@link Fence} of the latest coordinator. */
  fence: string;
}

/** The run's id and how often it has been started: workers are told, and follow the highest. */
export interface Fence {
  run: string;
  epoch: number;
}

export const newFence = (): Fence => ({ run: randomUUID(), epoch: 1 });

export class RunLock {
  private owner: Owner | undefined;
  private beat: NodeJS.Timeout | undefined;
  /** Called once if another coordinator has taken the lock. */
  onLost: (why: string) => void = () => undefined;

  /**
   * Takes the lock and counts the run's starts, of which `first` is the first.
   * @throws UserError if another coordinator lives, or the folder cannot be written
   */
  async acquire(paths: LockPaths, tell: (text: string) => void, first = newFence()): Promise<Fence> {
    try {
      await this.take(paths.lock, tell);
      const before = await readJson<Fence>(paths.fence);
      const fence = before ? { run: before.run, epoch: before.epoch + 1 } : first;
      await writeJsonAtomically(paths.fence, fence);
      return fence;
    } catch (error) {
      await this.release();
      if (error instanceof UserError) throw error;
      throw new UserError(`the run's folder cannot be locked: ${messageOf(error)}; make it writable`);
    }
  }

  /** Gives the lock back, if it is still one's own. */
  async release(): Promise<void> {
    clearInterval(this.beat);
    const { path } = this;
    if (this.owner && (await this.isMine())) await rm(path, { force: true }).catch(() => undefined);
    this.owner = undefined;
  }

  /** @throws if another coordinator has taken over: nothing more may be written */
  async check(): Promise<void> {
    if (!this.owner || (await this.isMine())) return;
    const why = `another coordinator has taken over this run (${this.path})`;
    this.owner = undefined;
    clearInterval(this.beat);
    this.onLost(why);
    throw new Error(why);
  }

  private path = '';

  private async take(path: string, tell: (text: string) => void): Promise<void> {
    this.path = path;
    const owner = { id: randomUUID(), ...thisProcess(), since: new Date().toISOString() };
    const own = `${path}.${owner.id}`;
    try {
      await writeFile(own, JSON.stringify(owner));
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const found = await readFile(path, 'utf8').catch(ignoreMissing);
        if (found !== undefined && !(await this.clear(found, tell))) continue;
        if (!(await appears(own, path))) continue;
        this.owner = owner;
        this.beat = setInterval(() => void this.touch(), BEAT_MS).unref();
        return;
      }
    } finally {
      await rm(own, { force: true });
    }
    throw new UserError(`${path}: others take this lock again and again; start one coordinator at a time`);
  }

  /**
   * Puts away a lock whose owner is dead. Returns false if it was not the lock that was looked at.
   * @throws UserError if the owner lives
   */
  private async clear(found: string, tell: (text: string) => void): Promise<boolean> {
    const other = parse(found);
    if (other && (await lives(other, this.path, tell))) {
      throw new UserError(
        `another coordinator (process ${other.pid} on ${other.host}, since ${other.since}) has this run: stop it first, or use another --run-dir`,
      );
    }
    const aside = `${this.path}.${randomUUID()}`;
    const moved = await rename(this.path, aside).then(() => true, ignoreMissing);
    if (!moved) return true;
    const isSame = (await readFile(aside, 'utf8')) === found;
    // Somebody was faster, and this is the lock of that one: back with it.
    if (!isSame) await link(aside, this.path).catch(() => undefined);
    await rm(aside, { force: true });
    return isSame;
  }

  private async isMine(): Promise<boolean> {
    const found = await readJson<Owner>(this.path).catch(() => this.owner);
    return found?.id === this.owner?.id;
  }

  /** A disk that fails for a moment takes no lock away. */
  private async touch(): Promise<void> {
    await this.check()
      .then(
        () => utimes(this.path, new Date(), new Date()),
        () => undefined,
      )
      .catch(() => undefined);
  }
}

/** `own` under the name `path` as well, if there is none yet. Not all file systems have links. */
async function appears(own: string, path: string): Promise<boolean> {
  const exists = (error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') return false;
    throw error;
  };
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    return writeFile(path, await readFile(own), { flag: 'wx' }).then(() => true, exists);
  }
}

async function lives(owner: Owner, path: string, tell: (text: string) => void): Promise<boolean> {
  if (owner.place === thisProcess().place) return isRunning(owner.pid) && beganAt(owner.pid) === owner.began;
  const changed = async () => (await stat(path).catch(ignoreMissing))?.mtimeMs;
  const before = await changed();
  tell(
    `the run was last led from ${owner.host}: looking for ${WATCH_MS / 1000} s whether that coordinator lives`,
  );
  for (let waited = 0; waited < WATCH_MS; waited += 500) {
    await delay(500);
    if ((await changed()) !== before) return true;
  }
  return false;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function thisProcess() {
  const place = [hostname(), fromProc(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim())];
  place.push(fromProc(() => readlinkSync('/proc/self/ns/pid')));
  return { pid: process.pid, host: hostname(), place: place.join(' '), began: beganAt(process.pid) };
}

/** The 22nd field of /proc/PID/stat: clock ticks since the system began. The name before it may hold blanks. */
const beganAt = (pid: number): string =>
  fromProc(() => {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return line.slice(line.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  });

/** Linux alone has these files; elsewhere the process id must do. */
function fromProc(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

function parse(text: string): Owner | undefined {
  try {
    const owner = JSON.parse(text);
    return Number.isInteger(owner?.pid) ? owner : undefined;
  } catch {
    return undefined;
  }
}

async function readJson<T>(path: string): Promise<T | undefined> {
  const text = await readFile(path, 'utf8').catch(ignoreMissing);
  return text === undefined ? undefined : (JSON.parse(text) as T);
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
