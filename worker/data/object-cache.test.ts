import { describe, expect, it } from 'vitest';
import { MemoryCache } from './object-cache.js';

const bytes = (length: number, value = 0) => new Uint8Array(length).fill(value);

async function held(cache: MemoryCache, names: string) {
  const found: string[] = [];
  for (const name of names) if (await cache.get(name)) found.push(name);
  return found.join('');
}

describe('the cache in memory', () => {
  it('gives back what was put', async () => {
    const cache = new MemoryCache(100);
    await cache.put('a', bytes(10, 7));
    expect(await cache.get('a')).toEqual(bytes(10, 7));
    expect(await cache.get('b')).toBeUndefined();
  });

  it('lets the least recently used go when the budget is spent', async () => {
    const cache = new MemoryCache(30);
    for (const name of 'abc') await cache.put(name, bytes(10));
    await cache.get('a');
    await cache.put('d', bytes(10));
    expect(await held(cache, 'abcd')).toBe('acd');
    await cache.put('e', bytes(20));
    expect(await held(cache, 'abcde')).toBe('de');
  });

  it('leaves out what is larger than its budget, and keeps the rest', async () => {
    const cache = new MemoryCache(30);
    await cache.put('a', bytes(10));
    await cache.put('b', bytes(31));
    expect(await held(cache, 'ab')).toBe('a');
  });

  it('counts what is put twice once', async () => {
    const cache = new MemoryCache(30);
    for (let i = 0; i < 5; i++) await cache.put('a', bytes(10));
    await cache.put('b', bytes(20));
    expect(await held(cache, 'ab')).toBe('ab');
  });

  it('with a budget of 0 keeps nothing', async () => {
    const cache = new MemoryCache(0);
    await cache.put('a', bytes(1));
    expect(await held(cache, 'a')).toBe('');
  });
});
