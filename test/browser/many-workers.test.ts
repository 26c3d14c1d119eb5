/** The dashboard of a run with two hundred workers. */
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
const WORKERS = 200;

/** A small run's dashboard, that tells of many workers more. */
async function crowd(): Promise<string> {
  const runDir = join(await temporaryFolder(), 'crowded');
  const run = await smallRun({ runDir });
  run.work();
  await run.finished;
  await run.close();
  const stored = await openStoredRun(runDir, '0');
  const workers = Array.from({ length: WORKERS }, (_, id): WorkerStatus => {
    const { workers } = stored.status();
    return { ...workers[0]!, id, name: `worker-${id}`, samples: id };
  });
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

describe.skipIf(withoutChromium())('a table of two hundred workers', () => {
  it('draws the rows in sight, keeps its length, and shows its last row at its end', async () => {
    const { page } = await watch(await browser(), await crowd());
    const table = page.getByRole('region', { name: 'Table of workers' });
    await table.getByRole('rowheader', { name: 'worker-0', exact: true }).waitFor();
    expect(await table.locator('[data-row]').count()).toBeLessThan(WORKERS / 2);
    expect(await table.getByRole('table').getAttribute('aria-rowcount')).toBe(String(WORKERS + 1));
    const lengths = () => table.evaluate(({ scrollHeight, clientHeight }) => [scrollHeight, clientHeight]);
    const [length] = await lengths();
    await table.evaluate((box) => box.scrollTo(0, box.scrollHeight / 2));
    await table.getByRole('rowheader', { name: 'worker-100', exact: true }).waitFor();
    await table.evaluate((box) => box.scrollTo(0, box.scrollHeight));
    const last = table.getByRole('row', { name: /^worker-199 / });
    await last.waitFor();
    expect(await last.getAttribute('aria-rowindex')).toBe(String(WORKERS + 1));
    expect(await table.getByRole('rowheader', { name: 'worker-0', exact: true }).count()).toBe(0);
    expect((await lengths())[0]).toBe(length);
  });
});
