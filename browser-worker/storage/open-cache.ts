/** Where this browser keeps what a worker has fetched: the first of OPFS, Cache Storage and memory that it has. */
import { MemoryCache, type ObjectCache } from '../../worker/data/object-cache.js';
import { BudgetedCache, type ByteStore } from './budgeted-cache.js';
import { openCacheStorage } from './cache-storage.js';
import { openOpfs } from './opfs-cache.js';
import { sha256 } from './sha256.js';

export type CacheKind = 'opfs' | 'cache-storage' | 'memory';

const LARGEST_BUDGET_BYTES = 2e9;
/** The cache's share of the quota that the browser gives this origin. */
const SHARE_OF_QUOTA = 0.5;
const UNKNOWN_QUOTA_BYTES = 500e6;
/** Model and manifests; data chunks are held in memory anyway while the run goes on. */
const MEMORY_BYTES = 8 << 20;

const STORES: [CacheKind, () => Promise<ByteStore>][] = [
  ['opfs', openOpfs],
  ['cache-storage', openCacheStorage],
];

export async function openCache(
  warn: (text: string) => void,
): Promise<{ cache: ObjectCache; kind: CacheKind }> {
  for (const [kind, open] of STORES) {
    // Absent on plain http, in some private windows, and where storage is switched off.
    const store = await open().catch(() => undefined);
    if (!store) continue;
    const budgetBytes = await budget();
    return { kind, cache: new BudgetedCache({ store, budgetBytes, sha256, now: () => Date.now(), warn }) };
  }
  return { kind: 'memory', cache: new MemoryCache(MEMORY_BYTES) };
}

async function budget(): Promise<number> {
  const { quota } = await navigator.storage.estimate().catch(() => ({ quota: undefined }));
  return Math.min(LARGEST_BUDGET_BYTES, SHARE_OF_QUOTA * (quota ?? UNKNOWN_QUOTA_BYTES));
}
