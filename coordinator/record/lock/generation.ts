/**
 * `generation.json` of a run's folder: the run's id, and how often a coordinator has started it. Workers are
 * told both, and follow the highest (fencing: `worker/fence.ts`).
 */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';

const file = z.object({ run: z.string().min(1).max(100), generation: z.int().min(1) });

export type RunGeneration = z.infer<typeof file>;

/** What runs have that only earlier versions have led: the file's name, and its field for the generation. */
const EARLIER = { name: 'epoch.json', field: 'epoch' };

export const firstGeneration = (): RunGeneration => ({ run: randomUUID(), generation: 1 });

/**
 * The generation after the stored one. A file that is damaged is no reason to end a run: to its workers it is a
 * new one then, and `tell` hears of it.
 */
export async function nextGeneration(path: string, tell: (text: string) => void): Promise<RunGeneration> {
  const earlier = join(dirname(path), EARLIER.name);
  for (const at of [path, earlier]) {
    const text = await readFile(at, 'utf8').catch(ignoreMissing);
    if (text === undefined) continue;
    const { success, data } = file.safeParse(parse(text));
    if (success) return { run: data.run, generation: data.generation + 1 };
    tell(
      `${at} is damaged: the run has a new id, and workers no longer tell this coordinator from an earlier one of it`,
    );
    break;
  }
  return firstGeneration();
}

/** Undefined for what is no JSON object. */
function parse(text: string): unknown {
  try {
    const { [EARLIER.field]: generation, ...rest } = JSON.parse(text);
    return { generation, ...rest };
  } catch {
    return undefined;
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
