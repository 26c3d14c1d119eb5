/**
 * Who has a lock, and whether that process lives. On the same machine the system knows: a process id, with the time at
 * which the process began, since ids are used again. From another machine or container only the file can be watched:
 * its owner touches it every few seconds, and one whose file has not changed for a while is dead. What is compared are
 * changes, never clocks.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

/** The owner touches its lock this often. */
export const BEAT_MS = 2_000;
/** A lock of another machine that does not change for so long has no owner any more. */
const WATCH_MS = 6_000;

/** What stands in the lock file. */
export interface Owner {
  id: string;
  pid: number;
  host: string;
  /** Machine, start of its system, and the space of its process ids: where `pid` means the same process. */
  place: string;
  /** When the process began, on the system's own count; empty where it cannot be known. */
  began: string;
  /** When the owner started, for messages. */
  since: string;
}

/** This process, as the owner of one lock more. */
export const newOwner = (): Owner => ({
  ...{ id: randomUUID(), pid: process.pid, host: hostname() },
  ...{ place: place(), began: beganAt(process.pid), since: new Date().toISOString() },
});

/** Undefined for what is no owner. */
export function parseOwner(text: string): Owner | undefined {
  try {
    const owner = JSON.parse(text) as Owner | null;
    return Number.isInteger(owner?.pid) ? (owner as Owner) : undefined;
  } catch {
    return undefined;
  }
}

/** @param path of the file that the owner touches; @param tell hears what takes time */
export async function lives(owner: Owner, path: string, tell: (text: string) => void): Promise<boolean> {
  if (owner.place === place())
    return isRunning(owner.pid) && beganAt(owner.pid) === owner.began && !isDead(owner.pid);
  const changed = async () =>
    stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => undefined,
    );
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

function place(): string {
  const boot = fromProc(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  return [hostname(), boot, fromProc(() => readlinkSync('/proc/self/ns/pid'))].join(' ');
}

/** Clock ticks since the system began. */
const beganAt = (pid: number): string => fromProc(() => statOf(pid)[19] ?? '');

/** Whether it has ended, and only its parent has not heard of it: its id is still taken then. */
const isDead = (pid: number): boolean => ['Z', 'X'].includes(fromProc(() => statOf(pid)[0] ?? ''));

/** The fields of /proc/PID/stat from the third on, the state. The name before it may hold blanks. */
function statOf(pid: number): string[] {
  const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return line.slice(line.lastIndexOf(')') + 2).split(' ');
}

/** Linux alone has these files; elsewhere the process id must do. */
function fromProc(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
