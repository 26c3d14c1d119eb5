/** Objects in Cache Storage: for browsers without OPFS. */
import type { ByteStore } from './budgeted-cache.js';

const CACHE = 'swarmgrad-objects';
const PREFIX = '/objects/';
const LENGTH = 'content-length';

/** @throws if this browser, or this kind of window, has none */
export async function openCacheStorage(name = CACHE): Promise<ByteStore> {
  const cache = await caches.open(name);
  return {
    async read(name) {
      const response = await cache.match(PREFIX + name);
      return response && new Uint8Array(await response.arrayBuffer());
    },
    async write(name, bytes) {
      const headers = { [LENGTH]: String(bytes.length) };
      await cache.put(PREFIX + name, new Response(bytes as Uint8Array<ArrayBuffer>, { headers }));
    },
    async remove(name) {
      await cache.delete(PREFIX + name);
    },
    async list() {
      const found: { name: string; bytes: number }[] = [];
      for (const request of await cache.keys()) {
        const response = await cache.match(request);
        const name = new URL(request.url).pathname.slice(PREFIX.length);
        found.push({ name, bytes: Number(response?.headers.get(LENGTH) ?? 0) });
      }
      return found;
    },
  };
}
