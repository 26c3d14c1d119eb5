/** Tabs in a run: alone, and beside workers in Node. */
import { describe, expect, it } from 'vitest';
import { contributingTab, sharedBrowser, withoutChromium } from '../support/chromium.js';
import {
  coordinator,
  metricsOf,
  reached,
  statusOf,
  summaryOf,
  temporaryFolder,
  worker,
} from '../support/cluster.js';

/** Computing must outweigh sending, or the planner rightly leaves slow workers without a share. */
const RUN = [
  ...['--data', 'digits?train=512&test=64', '--model', 'cnn', '--batch-size', '64', '--shards', '8'],
  ...['--epochs', '2', '--seed', '7', '--optimizer', 'adam'],
];
const SAMPLES = 2 * 512;

describe.skipIf(withoutChromium())('a run with tabs', { timeout: 300_000 }, () => {
  const browser = sharedBrowser();
  const tabs = async (url: string, names: string[]) =>
    Promise.all(names.map(async (name) => contributingTab(await browser(), url, 'auto', name)));
  const node = (url: string, name: string) => worker(url, '--name', name, '--cache-mb', '0');

  /** The class that Node and browsers share. */
  const SHARED_CLASS = ['--engine-class', 'compiled/wasm'];

  let made: ReturnType<typeof inNode> | undefined;
  /** The same run by one worker in Node, made once. */
  const byNode = () => (made ??= inNode());
  async function inNode() {
    const runDir = await temporaryFolder();
    const cluster = await coordinator(runDir, ...RUN, ...SHARED_CLASS, '--local-workers', '1');
    expect(await cluster.program.ended).toBe(0);
    return { summary: await summaryOf(runDir), metrics: metricsOf(runDir) };
  }

  async function expectTheSame(runDir: string) {
    const [summary, alone] = [await summaryOf(runDir), await byNode()];
    expect(summary.shards.counted).toBe(summary.shards.expected);
    expect(summary.reproducible.holds).toBe(true);
    expect(summary.weightsSha256).toBe(alone.summary.weightsSha256);
    expect(metricsOf(runDir)).toEqual(alone.metrics);
    return summary;
  }

  it('finishes with one worker in Node and two tabs, and its weights are those of Node alone', async () => {
    const runDir = await temporaryFolder();
    const cluster = await coordinator(runDir, ...RUN, ...SHARED_CLASS, '--min-workers', '3');
    node(cluster.url, 'node');
    const [one, two] = await tabs(cluster.url, ['one', 'two']);
    expect(await cluster.program.ended).toBe(0);
    const { workers } = await expectTheSame(runDir);
    const given = (name: string) => workers.find((row) => row.name === name)?.samples ?? 0;
    for (const { name, kind } of workers) expect(kind).toBe(name === 'node' ? 'node' : 'browser');
    expect(given('node') + given('one') + given('two')).toBe(SAMPLES);
    // Before three shares are done nobody counts as late, and at most two are the Node worker's. On a busy
    // machine more cannot be said: whoever is slow is left out of so short a run, and rightly.
    expect(given('one') + given('two')).toBeGreaterThan(0);
    for (const [name, tab] of Object.entries({ one: one!, two: two! })) {
      await tab.phase('finished');
      expect(await tab.figure('my-samples', 'data-samples')).toBe(given(name));
      expect(tab.complaints).toEqual([]);
    }
  });

  it('has the weights of Node with three tabs', async () => {
    const runDir = await temporaryFolder();
    const cluster = await coordinator(runDir, ...RUN, ...SHARED_CLASS, '--min-workers', '3');
    await tabs(cluster.url, ['one', 'two', 'three']);
    expect(await cluster.program.ended).toBe(0);
    await expectTheSame(runDir);
  });

  it('has them with a mix of both, though a tab is closed in the middle of a step', async () => {
    const runDir = await temporaryFolder();
    const cluster = await coordinator(runDir, ...RUN, ...SHARED_CLASS, '--min-workers', '2');
    node(cluster.url, 'node');
    const [doomed] = await tabs(cluster.url, ['doomed']);
    await reached(cluster, 3);
    await doomed!.page.close();
    await cluster.program.line(/doomed left/);
    await tabs(cluster.url, ['late']);
    expect(await cluster.program.ended).toBe(0);
    const { workers } = await expectTheSame(runDir);
    expect(workers.map(({ name }) => name)).toContain('doomed');
  });

  it('finishes with tabs alone, and shows what each gave, by which engine and why', async () => {
    const runDir = await temporaryFolder();
    const cluster = await coordinator(runDir, ...RUN, '--min-workers', '2');
    const first = await contributingTab(await browser(), cluster.url, 'auto', 'first');
    await first.phase('contributing');
    const engine = await first.text('my-engine');
    // The tab knows it first; the coordinator then waits until it has the weights.
    await expect
      .poll(async () => (await statusOf(cluster.url)).workers, { timeout: 60_000 })
      .toMatchObject([{ name: 'first', kind: 'browser', engine, state: 'idle' }]);
    // This Chromium has no graphics processor: those engines are not even tried.
    expect(engine).toBe('compiled/wasm');
    const second = await contributingTab(await browser(), cluster.url, 'eager/wasm', 'second');
    expect(await cluster.program.ended).toBe(0);
    const summary = await summaryOf(runDir);
    expect(summary.shards.counted).toBe(summary.shards.expected);
    expect(summary.workers.map(({ name }) => name).sort()).toEqual(['first', 'second']);
    expect(summary.workers.reduce((sum, { samples }) => sum + samples, 0)).toBe(SAMPLES);
    for (const tab of [first, second]) {
      await tab.phase('finished');
      const given = await tab.figure('my-samples', 'data-samples');
      const share = ((100 * given) / SAMPLES).toFixed(1);
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
