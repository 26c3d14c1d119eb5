/** What a coordinator serves, fetched by a worker in Node: never more of it than was announced. */
import { describe, expect, it } from 'vitest';
import type { Welcome } from '../../shared/protocol/messages.js';
import { HONEST, hostileObjectServer, OBJECTS } from '../../test/support/cluster/hostile-object-server.js';
import { get } from '../node/http.js';
import { prepareMaterial } from './material.js';
import { MemoryCache } from './object-cache.js';

const { signal } = new AbortController();
const fetchFrom = (url: string, hash: string, maxBytes = HONEST.length) =>
  get(`${url}/objects/${hash}`, { token: undefined, ca: undefined, maxBytes, signal });

describe('an object that a worker fetches', () => {
  it('comes whole if it is as long as was announced', async () => {
    const { url } = await hostileObjectServer();
    expect(await fetchFrom(url, OBJECTS.honest)).toEqual({ status: 200, body: HONEST });
  });

  it.each([
    ['that has no end', OBJECTS.endless, /\/objects\/b{64} answers with \d+ bytes or more, where at most 29/],
    ['that is longer', OBJECTS.longer, /\/objects\/c{64} answers with 58 bytes or more, where at most 29/],
    [
      'whose length is absurd',
      OBJECTS.longerThanTold,
      /with 1125899906842624 bytes or more, where at most 29/,
    ],
    ['that breaks off', OBJECTS.broken, /aborted/],
  ])('%s is cut off, with an error that says so', async (_what, hash, reason) => {
    const { url, sent } = await hostileObjectServer();
    await expect(fetchFrom(url, hash)).rejects.toThrow(reason);
    // What the two systems hold between them.
    expect(sent()).toBeLessThan(64 << 20);
  });

  it('that is not there is told from one that is too long, however short the object would be', async () => {
    const { url } = await hostileObjectServer();
    expect((await fetchFrom(url, OBJECTS.missing, 1)).status).toBe(404);
  });
});

describe('what a worker fetches first', () => {
  const welcome = (objectBytes: Partial<Welcome['objectBytes']>): Welcome => ({
    ...{ type: 'welcome', protocol: 2, worker: 1, run: 'test', generation: 1, seed: 1, shuffle: 'full' },
    ...{ model: 'm', train: 'r', test: 't', probe: 'p', program: 'g' },
    objectBytes: { model: 10, train: 20, test: 30, probe: 40, program: 50, ...objectBytes },
    ...{ shardSamples: 4, engineClass: 'any', heartbeatMs: 1000 },
  });
  const prepare = (from: Welcome, fetchObject: (hash: string, bytes: number) => Promise<Uint8Array>) =>
    prepareMaterial(from, {
      fetchObject,
      cache: new MemoryCache(1e6),
      sha256: async () => 'other',
      startCompute: async () => {
        throw new Error('not reached');
      },
    });

  it('is asked for by the lengths that the coordinator has announced', async () => {
    const asked = new Map<string, number>();
    const fetchObject = async (hash: string, bytes: number) => {
      asked.set(hash, bytes);
      return new Uint8Array(bytes);
    };
    await expect(prepare(welcome({}), fetchObject)).rejects.toThrow(/arrived with another hash/);
    const expected = { m: 10, r: 20, t: 30, p: 40, g: 50 };
    expect(Object.fromEntries(asked)).toEqual(expected);
  });

  it('is not asked for where more is announced than any worker takes', async () => {
    const never = async (hash: string) => {
      if (hash === 'g') throw new Error('asked for');
      return new Promise<never>(() => undefined);
    };
    await expect(prepare(welcome({ program: 2 ** 32 - 1 }), never)).rejects.toThrow(
      'object g (program): 4294967295 bytes are announced, a worker takes at most 268435456',
    );
  });
});
