/** The adapters of browsers under their contracts; built for a browser, and run in a worker of it. */

import { nextTask } from '../../browser-worker/compute/next-task.js';
import { dial } from '../../browser-worker/socket.js';
import { BudgetedCache, type ByteStore } from '../../browser-worker/storage/budgeted-cache.js';
import { openCacheStorage } from '../../browser-worker/storage/cache-storage.js';
import { openOpfs } from '../../browser-worker/storage/opfs-cache.js';
import { sha256 } from '../../browser-worker/storage/sha256.js';
import { augmentContract } from './augment.js';
import { connectionContract } from './connection.js';
import { farEngineContract } from './far-engine.js';
import { type CacheSubject, objectCacheContract } from './object-cache.js';

let opened = 0;

/** Each case has a place of its own. */
function subject(openStore: (name: string) => Promise<ByteStore>): CacheSubject {
  const name = `contract-${opened++}-${Math.random()}`;
  return {
    lasts: true,
    async open(budgetBytes) {
      const store = await openStore(name);
      const warn = (text: string) => {
        throw new Error(text);
      };
      return new BudgetedCache({ store, budgetBytes, sha256, now: () => Date.now(), warn });
    },
    async damage(hash) {
      const store = await openStore(name);
      const bytes = (await store.read(hash))!;
      bytes[5]! ^= 1;
      await store.write(hash, bytes);
    },
  };
}

const run: Record<string, (name: string) => Promise<void>> = {
  opfs: (name) => objectCacheContract[name]!(subject(openOpfs)),
  'cache-storage': (name) => objectCacheContract[name]!(subject(openCacheStorage)),
  connection: (name) =>
    connectionContract[name]!({ url: globalThis.location.origin.replace('http', 'ws'), dial }),
  augment: (name) => augmentContract[name]!(),
  'far-engine': (name) => farEngineContract[name]!({ turn: nextTask }),
};

addEventListener('message', ({ data: { adapter, name } }) => {
  run[adapter as string]!(name).then(
    () => postMessage('passed'),
    (error) => postMessage(String(error)),
  );
});
