/**
 * Fetched objects on disk, by hash, within a budget: the least recently used go first. Several processes
 * may share a folder: files appear whole, by renaming, and are checked by their hash whenever they are read.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../shared/user-error.js';
import type { ObjectCache } from '../data/object-cache.js';

const NAME = /^[0-9a-f]{64}$/;
const TEMPORARY = /[0-9a-f]{64}\.[0-9a-f-]+\.tmp$/;
/** A temporary file older than this was left by a process that died. */
const WRITING_MS = 60 * 60 * 1000;

export interface DiskCacheOptions {
  dir: string;
  budgetBytes: number;
  /** Told once if the folder cannot be used: the worker then goes on without it. */
  warn(text: string): void;
}

export class DiskCache implements ObjectCache {
  private warned = false;
  /** Bytes in the folder, as far as this process knows; undefined before the first look. */
  private used: number | undefined;

  constructor(private readonly options: DiskCacheOptions) {}

  async get(sha256: string): Promise<Uint8Array | undefined> {
    const path = join(this.options.dir, sha256);
    let bytes: Buffer;
    try {
      bytes = await readFile(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.warn(error);
      return undefined;
    }
    if (createHash('sha256').update(bytes).digest('hex') !== sha256) {
      await rm(path, { force: true }).catch(() => undefined);
      return undefined;
    }
    // The time of change tells when it was last used: the time of access is often not kept.
    const now = new Date();
    await utimes(path, now, now).catch(() => undefined);
    return bytes;
  }

  async put(sha256: string, bytes: Uint8Array): Promise<void> {
    const { dir, budgetBytes } = this.options;
    if (bytes.length > budgetBytes) return;
    const temporary = join(dir, `${sha256}.${randomUUID()}.tmp`);
    try {
      await mkdir(dir, { recursive: true });
      await writeFile(temporary, bytes);
      await rename(temporary, join(dir, sha256));
      this.used = (this.used ?? 0) + bytes.length;
      if (this.used > budgetBytes || this.used === bytes.length) await this.evict();
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      this.warn(error);
    }
  }

  /** Looks at the folder afresh, since other processes use it too, and brings it within the budget. */
  private async evict(): Promise<void> {
    const { dir, budgetBytes } = this.options;
    const names = (await readdir(dir)).filter((name) => NAME.test(name) || TEMPORARY.test(name));
    const files = await Promise.all(
      names.map(async (name) => {
        const path = join(dir, name);
        const found = await stat(path).catch(() => undefined);
        return { path, bytes: found?.size ?? 0, usedAt: found?.mtimeMs ?? 0 };
      }),
    );
    files.sort((a, b) => b.usedAt - a.usedAt);
    this.used = 0;
    for (const { path, bytes, usedAt } of files) {
      const isLeft = TEMPORARY.test(path) && Date.now() - usedAt > WRITING_MS;
      if (isLeft || this.used + bytes > budgetBytes) await rm(path, { force: true });
      else this.used += bytes;
    }
  }

  private warn(error: unknown): void {
    if (this.warned) return;
    this.warned = true;
    this.options.warn(
      `the cache ${this.options.dir} cannot be used (${messageOf(error)}): going on without it`,
    );
  }
}
