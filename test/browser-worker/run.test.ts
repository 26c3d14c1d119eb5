/** Tabs in a run: alone, and beside workers in Node. */
import { describe, expect, it } from 'vitest';
import { contributingTab, sharedBrowser, withoutChromium } from '../support/chromium.js';
import { coordinator, metricsOf, statusOf, summaryOf, temporaryFolder, worker } from '../support/cluster.js';

const RUN = [
  ...['--data', 'digits?train=1000&test=300', '--model', 'mlp:32', '--batch-size', '64', '--shards', '8'],
  ...['--epochs', '3', '--seed', '7', '--optimizer', 'adam'],
];

describe.skipIf(withoutChromium())('a run with tabs', { timeout: 120_000 }, () => {
  const browser = sharedBrowser();

  /** The same run by one worker in Node, with the engine that tabs are given too. */
  async function inNode() {
    const runDir = await temporaryFolder();
    const cluster = await coordinator(runDir, ...RUN, '--local-workers', '1', '--local-engine', 'eager/wasm');
    expect(await cluster.program.ended).toBe(0);
    return { summary: await summaryOf(runDir), metrics: metricsOf(runDir) };
  }

  it('finishes with one worker in Node and two tabs, and its weights are those of Node alone', async () => {
    const runDir = await temporaryFolder();
    const cluster = await coordinator(runDir, ...RUN, '--min-workers', '3');
    const node = worker(cluster.url, '--engine', 'eager/wasm', '--name', 'node', '--cache-mb', '0');
    const tabs = await Promise.all(
      ['one', 'two'].map(async (name) => contributingTab(await browser(), cluster.url, 'wasm', name)),
    );
    expect(await cluster.program.ended).toBe(0);
    expect(await node.ended).toBe(0);
    const summary = await summaryOf(runDir);
    expect(summary.shards.counted).toBe(summary.shards.expected);
    expect(summary.workers.map(({ name, kind }) => [name, kind]).sort()).toEqual([
      ['node', 'node'],
      ['one', 'browser'],
      ['two', 'browser'],
    ]);
    expect(summary.workers.reduce((sum, { samples }) => sum + samples, 0)).toBe(3000);
    for (const [i, name] of ['one', 'two'].entries()) {
      const given = summary.workers.find((row) => row.name === name)!.samples;
      expect(given).toBeGreaterThan(0);
      await tabs[i]!.phase('finished');
      expect(await tabs[i]!.figure('my-samples', 'data-samples')).toBe(given);
      expect(tabs[i]!.complaints).toEqual([]);
    }
    const alone = await inNode();
    expect(summary.weightsSha256).toBe(alone.summary.weightsSha256);
    expect(metricsOf(runDir)).toEqual(alone.metrics);
  });

  it('finishes with tabs alone, and shows what each gave, by which engine and why', async () => {
    const runDir = await temporaryFolder();
    const cluster = await coordinator(runDir, ...RUN, '--min-workers', '2');
    const first = await contributingTab(await browser(), cluster.url, 'auto', 'first');
    await first.phase('contributing');
    const { workers } = await statusOf(cluster.url);
    expect(workers).toMatchObject([
      { name: 'first', kind: 'browser', engine: await first.text('my-engine'), state: 'idle' },
    ]);
    const second = await contributingTab(await browser(), cluster.url, 'cpu', 'second');
    expect(await cluster.program.ended).toBe(0);
    const summary = await summaryOf(runDir);
    expect(summary.shards.counted).toBe(summary.shards.expected);
    expect(summary.workers.map(({ name }) => name).sort()).toEqual(['first', 'second']);
    expect(summary.workers.reduce((sum, { samples }) => sum + samples, 0)).toBe(3000);
    for (const tab of [first, second]) {
      await tab.phase('finished');
      const given = await tab.figure('my-samples', 'data-samples');
      const share = (given / 30).toFixed(1);
      expect(await tab.page.locator('.contribution-headline').textContent()).toBe(
        `You have contributed ${given.toLocaleString('en')} samples (${share} % of this run)`,
      );
      const why = await tab.page.locator('.contribution-reason').textContent();
      expect(why).toContain(`${await tab.text('my-engine')}: `);
      expect(why).toContain('agrees with the reference to');
      expect(tab.complaints).toEqual([]);
    }
  });
});
