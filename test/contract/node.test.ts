/** The adapters of Node under their contracts. */
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { MemoryCache } from '../../worker/data/object-cache.js';
import { DiskCache } from '../../worker/node/disk-cache.js';
import { dial } from '../../worker/node/socket.js';
import { temporaryFolder } from '../support/cluster/cluster.js';
import { augmentContract } from './augment.js';
import { type ConnectionSubject, connectionContract } from './connection.js';
import { farEngineContract } from './far-engine.js';
import { type CacheSubject, objectCacheContract } from './object-cache.js';
import { serveContractSockets } from './socket-server.js';

const CACHES: Record<string, () => Promise<CacheSubject>> = {
  'the cache in memory': async () => ({
    lasts: false,
    open: async (budgetBytes) => new MemoryCache(budgetBytes),
    damage: async () => undefined,
  }),
  'the cache on disk': async () => {
    const dir = await temporaryFolder();
    const warn = (text: string) => {
      throw new Error(text);
    };
    return {
      lasts: true,
      open: async (budgetBytes) => new DiskCache({ dir, budgetBytes, warn }),
      async damage(sha256) {
        const bytes = await readFile(join(dir, sha256));
        bytes[5]! ^= 1;
        await writeFile(join(dir, sha256), bytes);
      },
    };
  },
};

describe.each(Object.keys(CACHES))('%s', (cache) => {
  for (const [name, check] of Object.entries(objectCacheContract)) {
    it(name, async () => check(await CACHES[cache]!()));
  }
});

describe('an engine in a thread', () => {
  for (const [name, check] of Object.entries(farEngineContract)) {
    it(name, () => check({ turn: () => setImmediate() }));
  }
});

describe('augmentation', () => {
  for (const [name, check] of Object.entries(augmentContract)) it(name, () => check());
});

describe.each(['own', 'ws'] as const)('a connection in Node by the transport %s', (transport) => {
  const server = createServer();
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  afterAll(() => server.close());
  serveContractSockets(server);
  for (const [name, check] of Object.entries(connectionContract)) {
    const subject = (port: number): ConnectionSubject => ({
      url: `ws://127.0.0.1:${port}`,
      dial: (url, events) => dial(url, events, { transport }),
    });
    it(name, () => check(subject((server.address() as AddressInfo).port)));
  }
});
