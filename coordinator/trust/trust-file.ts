/** RUN_DIR/trust.json: who is banned, and what audits have come to. Written at each ban and when the run ends. */
import { readFile } from 'node:fs/promises';
import { messageOf } from '../../shared/user-error.js';
import { writeJsonAtomically } from '../record/atomic-file.js';
import type { TrustRecord } from './conduct.js';

export class TrustFile {
  private writing: Promise<void> = Promise.resolve();

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

  /** One write after the other; a disk that fails does not end the run. */
  write(record: TrustRecord): Promise<void> {
    this.writing = this.writing
      .then(() => writeJsonAtomically(this.path, record))
      .catch((error) => this.warn(`bans could not be written to ${this.path}: ${messageOf(error)}`));
    return this.writing;
  }
}
