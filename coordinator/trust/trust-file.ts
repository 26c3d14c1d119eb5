/** RUN_DIR/trust.json: who is banned, and what audits have come to. Written at each ban and when the run ends. */
import { readFile } from 'node:fs/promises';
import { messageOf } from '../../shared/user-error.js';
import { writeJsonAtomically } from '../record/atomic-file.js';
import type { TrustRecord } from './conduct.js';

export class TrustFile {
  private writing: Promise<void> = Promise.resolve();
  /** What is to be written next. */
  private latest: TrustRecord | undefined;

  constructor(
    private readonly path: string,
    private readonly warn: (text: string) => void,
  ) {}

  /** @returns undefined if there is none, or none that can be read: the latter is warned of */
  async read(): Promise<TrustRecord | undefined> {
    try {
      const record = JSON.parse(await readFile(this.path, 'utf8')) as TrustRecord;
      if (Array.isArray(record.banned)) return record;
      this.warn(`${this.path} is damaged: nobody is banned any more`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        this.warn(`${this.path} cannot be read, nobody is banned any more: ${messageOf(error)}`);
      }
    }
    return undefined;
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
    if (record) await writeJsonAtomically(this.path, record);
  }
}
