/**
 * The calls that change a file system, in one place: all that a coordinator keeps goes through it. Tests put a
 * disk in its place that fails at the n-th call, or loses what was not fsynced.
 */
import { link, mkdir, open, rename, rm, utimes } from 'node:fs/promises';

export const disk = { link, mkdir, open, rename, rm, utimes };

/** No room is left: on the disk, or of what its owner was granted. */
export const isFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes(codeOf(error));

/** What to do about an error of the file system, to go on after its text. */
export function remedyFor(error: unknown): string {
  if (isFull(error)) return 'make room';
  return ['EROFS', 'EACCES', 'EPERM'].includes(codeOf(error)) ? 'make it writable' : 'look after the disk';
}

export const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException | undefined)?.code ?? '';
