/**
 * Takes a lock file, in the place of a dead owner if need be; of several that try, one has it.
 *
 * The right to replace a lock is a file as well, a claim, named after the lock that was found: only one process can
 * create it. A claimer that died before it was done is replaced as an owner is, by a claim named after its claim. So
 * nobody waits, and nothing that a crash leaves locks for ever. Why one has it: while the lock is the one that was
 * found, claims to it stay, and the newest is a living process's; once it is another, which never is the same again,
 * all claims to it are void, and whoever makes one looks at the lock and lets go of it.
 *
 * A claimer on another machine that was only frozen, for seconds, between two calls here can take the lock too: who
 * had it then finds out when it next looks, as any owner that is replaced.
 */
import { createHash } from 'node:crypto';
import { UserError } from '../../../shared/user-error.js';
import { type Owner, parseOwner } from './owner.js';

/** Attempts against others that take and release the lock meanwhile. */
const ATTEMPTS = 5;

/** What a lock needs of a file system. */
export interface LockFiles {
  /** Makes a file, whole or not at all. @returns false where there is one already */
  create(path: string, text: string): Promise<boolean>;
  /** Undefined where there is no such file. */
  read(path: string): Promise<string | undefined>;
  /** Puts a file in the place of another. @returns false where there is no file at `from` */
  move(from: string, to: string): Promise<boolean>;
  remove(path: string): Promise<void>;
}

export interface Contender {
  owner: Owner;
  files: LockFiles;
  /** Whether the owner lives of the lock or claim at `path`. */
  lives(owner: Owner, path: string): Promise<boolean>;
}

/** @throws UserError if the lock's owner lives, or who is about to have it */
export async function takeLock(path: string, contender: Contender): Promise<void> {
  const { files, owner } = contender;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (await files.create(path, JSON.stringify(owner))) return;
    const found = await files.read(path);
    if (found !== undefined && (await replace(path, found, contender))) return;
  }
  throw new UserError(`${path}: others take this lock again and again; start one coordinator at a time`);
}

/** @returns false if the lock is not the one that was found any more */
async function replace(path: string, found: string, contender: Contender): Promise<boolean> {
  const { files } = contender;
  const claims = await claim(path, found, contender);
  const own = claims?.at(-1);
  if (!claims || !own) return false;
  let isMine = false;
  try {
    isMine = (await files.read(path)) === found && (await files.move(own, path));
  } finally {
    for (const void_ of isMine ? claims.slice(0, -1) : [own]) await files.remove(void_);
  }
  return isMine;
}

/**
 * Claims the place of a dead owner, behind all who claimed it and died.
 * @returns the claims, the own one last; undefined if one went away meanwhile: the lock is another's by now
 */
async function claim(path: string, found: string, contender: Contender): Promise<string[] | undefined> {
  const { files, owner } = contender;
  const claims: string[] = [];
  for (let [at, text] = [path, found]; ; ) {
    await refuseLiving(at, text, contender);
    const next = `${path}.${nameOf(at, text)}`;
    claims.push(next);
    if (await files.create(next, JSON.stringify(owner))) return claims;
    const other = await files.read(next);
    if (other === undefined) return undefined;
    [at, text] = [next, other];
  }
}

/** Whoever stands in a damaged file is dead: it was written whole. */
async function refuseLiving(path: string, text: string, { lives }: Contender): Promise<void> {
  const other = parseOwner(text);
  if (!other || !(await lives(other, path))) return;
  throw new UserError(
    `another coordinator (process ${other.pid} on ${other.host}, since ${other.since}) has this run: stop it first, or use another --run-dir`,
  );
}

/** Of its place as well: several damaged files may have the same text. */
const nameOf = (path: string, text: string): string =>
  createHash('sha256').update(path).update('\n').update(text).digest('hex').slice(0, 32);
