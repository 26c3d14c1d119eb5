/** RUN_DIR/trust.json: who is banned, and what audits have come to. Written at each ban and when the run ends. */
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { messageOf, UserError } from '../../../shared/user-error.js';
import type { TrustRecord } from '../../trust/reputation.js';
import { OWNER_ONLY, writeJsonAtomically } from './atomic-file.js';

const count = z.int().min(0);
/** Counts that came with a later version are 0 in files of earlier ones. */
const laterCount = count.default(0);
const trustRecord = z.object({
  made: count,
  passed: count,
  doubtful: count,
  failed: count,
  overNorm: laterCount,
  notFinite: laterCount,
  replaced: laterCount,
  unseen: laterCount,
  banned: z.array(z.object({ identity: z.string().min(1), name: z.string(), step: count, why: z.string() })),
}) satisfies z.ZodType<TrustRecord>;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export class TrustFile {
  private writing: Promise<void> = Promise.resolve();
  /** What is to be written next. */
  private latest: TrustRecord | undefined;

  constructor(
    private readonly path: string,
    private readonly warn: (text: string) => void,
  ) {}

  /**
   * Undefined where there is none.
   * @throws UserError for one that cannot be read, or is damaged: who was banned does not come back by an accident
   */
  async read(): Promise<TrustRecord | undefined> {
    let text: string;
    try {
      text = await readFile(this.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw new UserError(`the bans cannot be read: ${messageOf(error)}`);
    }
    const { success, data, error } = trustRecord.safeParse(parsed(text));
    if (success) return data;
    const { path, message } = error.issues[0]!;
    const what = `${path.join('.') || 'all of it'}: ${message}`;
    throw new UserError(
      `${this.path} is not a file of bans (${what}): repair it, or move it away to continue without bans`,
    );
  }

  /**
   * One write after the other, each of what is known by then: many bans at once are one write. A disk that fails does
   * not end the run.
   */
  write(record: TrustRecord): Promise<void> {
    this.latest = record;
    this.writing = this.writing
      .then(() => this.writeLatest())
      .catch((error) => this.warn(`bans could not be written to ${this.path}: ${messageOf(error)}`));
    return this.writing;
  }

  private async writeLatest(): Promise<void> {
    const record = this.latest;
    this.latest = undefined;
    if (record) await writeJsonAtomically(this.path, record, OWNER_ONLY);
  }
}
