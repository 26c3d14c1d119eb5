/** What must be on disk before a run counts as ended: written part by part, and tried again, until nothing is missing. */

import { messageOf } from '../../../shared/user-error.js';
import { isFull } from './disk.js';

export interface Part {
  /** The part's name in messages, for example `model/`. */
  name: string;
  write(): Promise<unknown>;
}

export interface Missing {
  part: Part;
  error: unknown;
}

export interface Saving {
  /** Gives up what can be done without. @returns whether there was such a thing */
  makeRoom(): Promise<boolean>;
  /** Hears what is missing. @returns whether to try again, once it is time to */
  again(missing: readonly Missing[]): Promise<boolean>;
}

/** @param last written only when all others are there, since it says so. @returns what is missing in the end */
export async function saveAll(
  parts: readonly Part[],
  last: Part,
  { makeRoom, again }: Saving,
): Promise<Missing[]> {
  for (let left = [...parts, last]; ; ) {
    const missing: Missing[] = [];
    for (const part of left) {
      if (part === last && missing.length > 0) break;
      const error = await attempt(part, makeRoom);
      if (error !== undefined) missing.push({ part, error });
    }
    if (missing.length === 0) return [];
    if (!(await again(missing))) return missing;
    left = [...missing.map(({ part }) => part).filter((part) => part !== last), last];
  }
}

/** @returns why it could not be written */
async function attempt(part: Part, makeRoom: Saving['makeRoom']): Promise<unknown> {
  for (;;) {
    try {
      await part.write();
      return undefined;
    } catch (error) {
      if (!(isFull(error) && (await makeRoom().catch(() => false)))) return error ?? new Error('unknown');
    }
  }
}

/** `model/ (ENOSPC: no space left on device) and summary.json`, each reason once. */
export function missingText(missing: readonly Missing[]): string {
  const told = new Set<string>();
  return missing
    .map(({ part: { name }, error }) => {
      const why = messageOf(error);
      const isNew = !told.has(why);
      told.add(why);
      return isNew ? `${name} (${why})` : name;
    })
    .join(' and ');
}
