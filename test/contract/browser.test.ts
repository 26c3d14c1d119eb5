/** The adapters of browsers under their contracts, in a worker of a real Chromium. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedBrowser, withoutChromium } from '../support/browser/chromium.js';
import { augmentContract } from './augment.js';
import { connectionContract } from './connection.js';
import { farEngineContract } from './far-engine.js';
import { objectCacheContract } from './object-cache.js';
import { serveContractSockets } from './socket-server.js';

const ADAPTERS = {
  opfs: objectCacheContract,
  'cache-storage': objectCacheContract,
  connection: connectionContract,
  'far-engine': farEngineContract,
  augment: augmentContract,
};

describe.skipIf(withoutChromium())('in a browser', () => {
  const browser = sharedBrowser();
  let scripts = new Map<string, string>();
  const server = createServer(({ url }, response) => {
    const script = scripts.get(url!);
    response.setHeader('Content-Type', script ? 'text/javascript' : 'text/html');
    response.end(script ?? '<!doctype html><title>contract</title>');
  });
  serveContractSockets(server);
  let page: Page;

  beforeAll(async () => {
    scripts = await bundled();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    page = await (await browser()).newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  });
  afterAll(() => server.close());

  describe.each(Object.keys(ADAPTERS) as (keyof typeof ADAPTERS)[])('%s', (adapter) => {
    it.each(Object.keys(ADAPTERS[adapter]))('%s', async (name) => {
      const result = await page.evaluate(
        (task) =>
          new Promise((resolve) => {
            const worker = new Worker('/worker.js', { type: 'module' });
            worker.onmessage = ({ data }) => {
              worker.terminate();
              resolve(data);
            };
            worker.onerror = ({ message }) => resolve(message);
            worker.postMessage(task);
          }),
        { adapter, name },
      );
      expect(result).toBe('passed');
    });
  });
});

/** The contracts and the adapters as scripts, by the path under which each is served. */
async function bundled(): Promise<Map<string, string>> {
  const entry = fileURLToPath(new URL('./browser-subjects.ts', import.meta.url));
  const built = await build({
    configFile: false,
    logLevel: 'warn',
    build: { write: false, minify: false, lib: { entry, formats: ['es'], fileName: 'worker' } },
  });
  const scripts = new Map<string, string>();
  for (const result of [built].flat()) {
    if (!('output' in result)) throw new Error('vite watches instead of building');
    for (const file of result.output) if (file.type === 'chunk') scripts.set(`/${file.fileName}`, file.code);
  }
  return scripts;
}
