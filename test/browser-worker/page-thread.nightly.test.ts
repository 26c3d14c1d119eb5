/** Training must leave the page's thread free: pages stay fluid, whatever the engine does. */
import type { Browser, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { contributingTab, sharedBrowser, withoutChromium } from '../support/browser/chromium.js';
import { coordinator, reached, statusOf, temporaryFolder } from '../support/cluster/cluster.js';

const ENDLESS = [
  ...['--data', 'digits?train=512&test=64', '--model', 'mlp:256', '--batch-size', '64', '--shards', '4'],
  ...['--epochs', '100000', '--seed', '7', '--evaluate-every', '1000000'],
];
const LONG_TASK_MS = 50;

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  /** Microseconds of processor time: what others do on the same machine does not count. */
  tdur?: number;
  args: { name?: string; data?: { url?: string } };
}

/** Processor milliseconds of each task on the page's own thread, while `work` is going on. */
async function tasksOf(browser: Browser, page: Page, work: () => Promise<unknown>): Promise<number[]> {
  await browser.startTracing(page, { categories: ['toplevel', 'devtools.timeline'] });
  await work();
  const { traceEvents } = JSON.parse(String(await browser.stopTracing())) as { traceEvents: TraceEvent[] };
  const mainThreads = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid}/${tid}`),
  );
  return traceEvents
    .filter(({ ph, pid, tid, tdur }) => ph === 'X' && tdur !== undefined && mainThreads.has(`${pid}/${tid}`))
    .map(({ tdur }) => tdur! / 1000);
}

describe.skipIf(withoutChromium())("the page's thread", () => {
  const browser = sharedBrowser();

  it.each(['compiled/wasm', 'eager/webgl'])('has no long task while %s trains', async (engine) => {
    const cluster = await coordinator(await temporaryFolder(), ...ENDLESS);
    const tab = await contributingTab(await browser(), cluster.url, engine);
    await tab.phase('contributing');
    const { step } = await statusOf(cluster.url);
    const training = await tasksOf(await browser(), tab.page, () => reached(cluster, step + 30));
    expect(training.length).toBeGreaterThan(10);
    expect(Math.max(...training)).toBeLessThan(LONG_TASK_MS);

    // The measurement itself: a task that is long is seen.
    const busy = await tasksOf(await browser(), tab.page, () =>
      tab.page.evaluate((iterations) => {
        let sum = 0;
        for (let i = 0; i < iterations; i++) sum += Math.sqrt(i);
        return sum;
      }, 300_000_000),
    );
    expect(Math.max(...busy)).toBeGreaterThan(LONG_TASK_MS);
  });
});
