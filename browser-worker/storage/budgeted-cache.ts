/**
 * Fetched objects kept by hash in one of a browser's stores, within a budget: the least recently used go
 * first. Each read is checked by its hash, so a half-written object counts as absent.
 *
 * Stores tell no time of use, so a small table of it is kept beside the objects, and written now and then.
 */
import { messageOf } from '../../shared/user-error.js';
import type { ObjectCache } from '../../worker/data/object-cache.js';

/** One kind of store of the browser. Names are the objects' hashes, and `uses`. */
export interface ByteStore {
  read(name: string): Promise<Uint8Array | undefined>;
  /** @throws if there is no room, or the store cannot be used */
  write(name: string, bytes: Uint8Array): Promise<void>;
  remove(name: string): Promise<void>;
  /** What is there, with sizes in bytes. */
  list(): Promise<{ name: string; bytes: number }[]>;
}

export interface BudgetedCacheOptions {
  store: ByteStore;
  budgetBytes: number;
  sha256(bytes: Uint8Array): Promise<string>;
  now(): number;
  /** Told once if the store cannot be used: the worker then goes on without it. */
  warn(text: string): void;
}

const HASH = /^[0-9a-f]{64}$/;
const USES = 'uses';
/** The table of uses is written at most this often: losing the last entries only makes the order less exact. */
const WRITE_USES_MS = 5000;
/** When the browser says that there is no room, the budget shrinks to this share of what is used. */
const SHRINK = 0.75;

interface Kept {
  bytes: number;
  usedAt: number;
}

export class BudgetedCache implements ObjectCache {
  private budget: number;
  private warned = false;
  private kept: Promise<Map<string, Kept>> | undefined;
  private usesWrittenAt = 0;

  constructor(private readonly options: BudgetedCacheOptions) {
    this.budget = options.budgetBytes;
  }

  async get(sha256: string): Promise<Uint8Array | undefined> {
    const { store, now } = this.options;
    try {
      const kept = await this.known();
      const entry = kept.get(sha256);
      if (!entry) return undefined;
      const bytes = await store.read(sha256);
      if (!bytes || (await this.options.sha256(bytes)) !== sha256) {
        kept.delete(sha256);
        await store.remove(sha256);
        return undefined;
      }
      entry.usedAt = now();
      await this.writeUses(kept);
      return bytes;
    } catch (error) {
      this.warn(error);
      return undefined;
    }
  }

  async put(sha256: string, bytes: Uint8Array): Promise<void> {
    if (bytes.length > this.budget) return;
    try {
      const kept = await this.known();
      if (kept.has(sha256)) return;
      await this.evict(kept, this.budget - bytes.length);
      if (!(await this.writeIfRoom(kept, sha256, bytes))) return;
      kept.set(sha256, { bytes: bytes.length, usedAt: this.options.now() });
      await this.writeUses(kept);
    } catch (error) {
      this.warn(error);
    }
  }

  /** Other programs fill the same disk: where there is no room after all, the budget shrinks, once for each object. */
  private async writeIfRoom(kept: Map<string, Kept>, name: string, bytes: Uint8Array): Promise<boolean> {
    const { store } = this.options;
    for (const isLast of [false, true]) {
      try {
        await store.write(name, bytes);
        return true;
      } catch (error) {
        await store.remove(name);
        if ((error as Error).name !== 'QuotaExceededError') throw error;
        this.budget = SHRINK * used(kept);
        if (!isLast) await this.evict(kept, this.budget - bytes.length);
      }
    }
    this.warn(new Error('the browser has no room for more'));
    return false;
  }

  private async evict(kept: Map<string, Kept>, budget: number): Promise<void> {
    let total = used(kept);
    if (total <= budget) return;
    const oldestFirst = [...kept].sort(([, a], [, b]) => a.usedAt - b.usedAt);
    for (const [name, { bytes }] of oldestFirst) {
      if (total <= budget) break;
      kept.delete(name);
      await this.options.store.remove(name);
      total -= bytes;
    }
  }

  private known(): Promise<Map<string, Kept>> {
    this.kept ??= this.look();
    return this.kept;
  }

  private async look(): Promise<Map<string, Kept>> {
    const { store } = this.options;
    const text = new TextDecoder().decode((await store.read(USES)) ?? new Uint8Array());
    let uses: Record<string, number> = {};
    try {
      uses = JSON.parse(text);
    } catch {
      // Half-written or absent: the order is forgotten, not the objects.
    }
    const kept = new Map<string, Kept>();
    for (const { name, bytes } of await store.list()) {
      if (HASH.test(name)) kept.set(name, { bytes, usedAt: uses[name] ?? 0 });
    }
    return kept;
  }

  private async writeUses(kept: ReadonlyMap<string, Kept>): Promise<void> {
    const now = this.options.now();
    if (now - this.usesWrittenAt < WRITE_USES_MS) return;
    this.usesWrittenAt = now;
    const uses = Object.fromEntries([...kept].map(([name, { usedAt }]) => [name, usedAt]));
    await this.options.store.write(USES, new TextEncoder().encode(JSON.stringify(uses)));
  }

  private warn(error: unknown): void {
    if (this.warned) return;
    this.warned = true;
    this.options.warn(`data is not kept for the next visit: ${messageOf(error)}`);
  }
}

const used = (kept: ReadonlyMap<string, Kept>): number =>
  [...kept.values()].reduce((sum, { bytes }) => sum + bytes, 0);
