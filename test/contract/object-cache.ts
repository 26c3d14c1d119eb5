/** What a worker expects of the place where it keeps fetched objects. */
import type { ObjectCache } from '../../worker/data/object-cache.js';
import { type Contract, equal } from './contract.js';

export interface CacheSubject {
  /** Opens the place anew, with a budget in bytes. What lasts is still there. */
  open(budgetBytes: number): Promise<ObjectCache>;
  /** Whether objects outlive the cache's own process. */
  lasts: boolean;
  /** Changes a byte of what is kept, behind the cache's back. Only where objects last. */
  damage(sha256: string): Promise<void>;
}

const KIB = 1024;

/** An object of 1 KiB and its hash. */
async function object(seed: number): Promise<{ sha256: string; bytes: Uint8Array }> {
  const bytes = Uint8Array.from({ length: KIB }, (_, i) => (i * 31 + seed * 7) % 251);
  bytes[0] = seed;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return { sha256: Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join(''), bytes };
}

const objects = (count: number) => Promise.all(Array.from({ length: count }, (_, i) => object(i)));

/** Uses are told apart by their time, which a file system takes from a clock of 100 ticks a second or more. */
async function nextTick(): Promise<void> {
  const now = Date.now();
  while (Date.now() <= now + 10) await Promise.resolve();
}

async function kept(cache: ObjectCache, all: { sha256: string }[]): Promise<boolean[]> {
  const found: boolean[] = [];
  for (const { sha256 } of all) found.push((await cache.get(sha256)) !== undefined);
  return found;
}

export const objectCacheContract: Contract<CacheSubject> = {
  'gives back what was put, and nothing for what was not': async ({ open }) => {
    const cache = await open(10 * KIB);
    const [a, b] = (await objects(2)) as [Awaited<ReturnType<typeof object>>, { sha256: string }];
    await cache.put(a.sha256, a.bytes);
    equal(Array.from((await cache.get(a.sha256))!), Array.from(a.bytes));
    equal(await cache.get(b.sha256), undefined);
  },

  'keeps several objects that are put and got at the same time': async ({ open }) => {
    const cache = await open(100 * KIB);
    const all = await objects(20);
    await Promise.all(all.map(({ sha256, bytes }) => cache.put(sha256, bytes)));
    const found = await Promise.all(all.map(({ sha256 }) => cache.get(sha256)));
    equal(
      found.map((bytes) => bytes?.[0]),
      all.map(({ bytes }) => bytes[0]),
    );
  },

  'lets the least recently used go when the budget is spent': async ({ open }) => {
    const cache = await open(3 * KIB);
    const all = await objects(4);
    for (const { sha256, bytes } of all.slice(0, 3)) {
      await cache.put(sha256, bytes);
      await nextTick();
    }
    await cache.get(all[0]!.sha256);
    await nextTick();
    await cache.put(all[3]!.sha256, all[3]!.bytes);
    equal(await kept(cache, all), [true, false, true, true]);
  },

  'does not keep what is larger than its budget, and does not complain': async ({ open }) => {
    const cache = await open(KIB - 1);
    const [{ sha256, bytes }] = (await objects(1)) as [Awaited<ReturnType<typeof object>>];
    await cache.put(sha256, bytes);
    equal(await cache.get(sha256), undefined);
  },

  'has what it kept when it is opened again, if it lasts': async ({ open, lasts }) => {
    const all = await objects(3);
    const first = await open(10 * KIB);
    for (const { sha256, bytes } of all) await first.put(sha256, bytes);
    equal(
      await kept(await open(10 * KIB), all),
      all.map(() => lasts),
    );
  },

  'never gives out damaged bytes, and takes the object again': async ({ open, lasts, damage }) => {
    if (!lasts) return;
    const cache = await open(10 * KIB);
    const [{ sha256, bytes }] = (await objects(1)) as [Awaited<ReturnType<typeof object>>];
    await cache.put(sha256, bytes);
    await damage(sha256);
    equal(await cache.get(sha256), undefined);
    await cache.put(sha256, bytes);
    equal((await cache.get(sha256))?.length, KIB);
  },
};
