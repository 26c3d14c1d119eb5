/** The dashboard of a run with ten thousand workers. */
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openStoredRun } from '../../coordinator/monitor/stored/stored-run.js';
import { COORDINATOR_OPTIONS } from '../../coordinator/options/options.js';
import { openStaticFiles } from '../../coordinator/server/http/static.js';
import { serve } from '../../coordinator/server/serve.js';
import { withDefaults } from '../../shared/options/read-options.js';
import type { WorkerStatus } from '../../shared/status/status.js';
import { temporaryFolder } from '../support/cluster/cluster.js';
import { smallRun } from '../support/cluster/small-run.js';
import { sharedBrowser, watch, withoutChromium } from './page.js';

const browser = sharedBrowser();
const WORKERS = 10_000;

/** A small run's dashboard, that tells of many workers more. */
async function crowd(): Promise<string> {
  const runDir = join(await temporaryFolder(), 'crowded');
  const run = await smallRun({ runDir });
  run.work();
  await run.finished;
  await run.close();
  const stored = await openStoredRun(runDir, '0');
  const [one] = stored.status().workers;
  const workers = Array.from(
    { length: WORKERS },
    (_, id): WorkerStatus => ({ ...one!, id, name: `worker-${id}`, samples: id }),
  );
  const view = Object.assign(Object.create(stored) as typeof stored, {
    status: () => ({ ...stored.status(), workers }),
  });
  const server = await serve(
    { ...withDefaults(COORDINATOR_OPTIONS, {}), port: 0 },
    { pages: openStaticFiles(), dashboard: { server: 'crowd', runs: [view], live: false }, join: () => '' },
    () => undefined,
  );
  onTestFinished(() => server.close());
  return server.url;
}

describe.skipIf(withoutChromium())('a table of ten thousand workers', () => {
  it('counts all, shows the first hundred, and finds any other', async () => {
    const { page } = await watch(await browser(), await crowd());
    const table = page.getByRole('region', { name: 'Table of workers' });
    await table.getByRole('rowheader', { name: 'worker-99', exact: true }).waitFor();
    expect(await table.getByRole('rowheader').count()).toBe(100);
    expect(await page.getByTestId('workers').textContent()).toBe('10,000');
    await page.getByText('the first 100 of 10,000', { exact: true }).waitFor();
    expect(await table.getByRole('table').getAttribute('aria-rowcount')).toBe(String(WORKERS + 1));

    const search = page.getByRole('searchbox', { name: 'Search among the workers' });
    await search.fill('WORKER-98');
    await page.getByText('the first 100 of 111 found', { exact: true }).waitFor();
    await search.fill('worker-9876');
    await page.getByText('1 found', { exact: true }).waitFor();
    expect(await table.getByRole('rowheader').allTextContents()).toEqual(['worker-9876']);
    await search.fill('nobody');
    await page.getByText('No such worker.').waitFor();
    await search.fill('');
    await table.getByRole('rowheader', { name: 'worker-0', exact: true }).waitFor();
  });
});
