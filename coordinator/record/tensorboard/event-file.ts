/**
 * A file of TensorBoard's events, appended to while TensorBoard reads it. Events wait in memory until the disk takes
 * them; each block is written at a fixed position, so that one of which a full disk took a part is overwritten.
 */
import { existsSync, readdirSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../../shared/user-error.js';
import { makeFolder, writeAll } from '../folder/atomic-file.js';
import { disk } from '../folder/disk.js';
import { encodeRecord, FILE_VERSION, type TensorBoardEvent } from './event.js';

/** What may wait for the disk. */
const MAX_WAITING_BYTES = 32 << 20;

export interface EventFileOptions {
  /** Steps from this on are made anew: what earlier files have of them does not count. Undefined: there are none. */
  startStep?: number | undefined;
  /** Milliseconds since 1970. */
  now: number;
}

export class EventFile {
  private waiting: Buffer[] = [];
  private waitingBytes = 0;
  private size = 0;
  private writing: Promise<void> = Promise.resolve();

  private constructor(
    private readonly file: FileHandle,
    head: readonly TensorBoardEvent[],
  ) {
    for (const event of head) this.add(event);
  }

  /** Makes a file in `dir`, to be read after those that are there. @throws errors of the file system */
  static async create(dir: string, { startStep, now }: EventFileOptions): Promise<EventFile> {
    await makeFolder(dir);
    const wallTime = now / 1000;
    // TensorBoard reads the files of a folder in the order of their names.
    const name = `events.out.tfevents.${wallTime.toFixed(3).padStart(14, '0')}.swarmgrad`;
    const first = { step: 0, wallTime, fileVersion: FILE_VERSION };
    const start = startStep === undefined ? [] : [{ step: startStep, wallTime, start: true as const }];
    return new EventFile(await disk.open(join(dir, name), 'wx'), [first, ...start]);
  }

  /** The only file of a folder. @throws UserError where there are others, whose curves would be joined to it */
  static async createFirst(dir: string, now: number): Promise<EventFile> {
    const others = existsSync(dir) ? readdirSync(dir).filter((name) => name.includes('tfevents')) : [];
    if (others.length > 0)
      throw new UserError(
        `${dir} has event files already (${others[0]}): give another folder, or remove it`,
        2,
      );
    return EventFile.create(dir, { now });
  }

  /** @returns whether there was room for it */
  add(event: TensorBoardEvent): boolean {
    if (this.waitingBytes > MAX_WAITING_BYTES) return false;
    const record = encodeRecord(event);
    this.waiting.push(record);
    this.waitingBytes += record.length;
    return true;
  }

  /** Resolves when all events so far are written. @throws errors of the file system; the events go on waiting */
  flush(): Promise<void> {
    const written = this.writing.then(() => this.write());
    this.writing = written.catch(() => undefined);
    return written;
  }

  async close(): Promise<void> {
    await this.flush().finally(() => this.file.close());
  }

  private async write(): Promise<void> {
    const block = Buffer.concat(this.waiting);
    if (block.length === 0) return;
    const count = this.waiting.length;
    await writeAll(this.file, block, this.size);
    this.size += block.length;
    this.waiting = this.waiting.slice(count);
    this.waitingBytes -= block.length;
  }
}
