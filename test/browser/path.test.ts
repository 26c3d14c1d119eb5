/** A coordinator that a reverse proxy has under a path: workers, tabs, pages and links keep it. */
import { describe, expect, it } from 'vitest';
import { joinAddress, joinLine } from '../../coordinator/server/network/addresses.js';
import { startWorker } from '../../worker/node/start.js';
import { proxyTo } from '../support/cluster/proxy.js';
import { happened, smallRun } from '../support/cluster/small-run.js';
import { sharedBrowser, shows, watch, withoutChromium } from './page.js';

const browser = sharedBrowser();

describe('under a path', () => {
  it('a worker joins, fetches what it needs, and computes', async () => {
    const run = await smallRun();
    const { url, requested } = await proxyTo(run.url, { path: '/train' });
    const worker = startWorker({ url: `${url}/`.replace('http', 'ws'), engine: 'compiled/cpu', name: 'far' });
    await expect(worker.finished).resolves.toMatchObject({ why: 'the run has finished' });
    expect((await run.finished).workers).toMatchObject([{ name: 'far' }]);
    expect(requested.filter((path) => /^\/train\/objects\/[0-9a-f]{64}$/.test(path)).length).toBeGreaterThan(
      4,
    );
  });

  it('what others are told keeps it', () => {
    expect(joinLine('https://host/train/')).toBe(
      'join from another machine: npx swarmgrad worker wss://host/train',
    );
    expect(joinAddress('https://host/train')).toBe('https://host/train/join');
  });

  it.skipIf(withoutChromium())('the pages work, and a tab computes', async () => {
    const run = await smallRun();
    const { url, requested } = await proxyTo(run.url, { path: '/train' });
    const { page } = await watch(await browser(), `${url}/`);
    await shows(page, 'state', 'waiting for workers');
    await page.getByText(`npx swarmgrad worker ${url.replace('http', 'ws')}`).waitFor();
    await page.getByRole('link', { name: `${url}/join` }).waitFor();
    await watch(await browser(), `${url}/join?auto=1&name=guest&engine=wasm`);
    await happened(run, ({ type }) => type === 'worker-joined');
    expect((await run.finished).workers).toMatchObject([{ name: 'guest', kind: 'browser' }]);
    await shows(page, 'state', 'finished');
    expect(requested.filter((path) => !path.startsWith('/train/'))).toEqual([]);
  });
});
