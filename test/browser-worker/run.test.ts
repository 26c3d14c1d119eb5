/** Tabs in a run: alone, and beside workers in Node. */
import { describe, expect, it } from 'vitest';
import type { RunState } from '../../shared/status/status.js';
import { contributingTab, sharedBrowser, withoutChromium } from '../support/browser/chromium.js';
import {
  administer,
  type Cluster,
  metricsOf,
  reached,
  statusThat,
  summaryOf,
  temporaryFolder,
  waiting,
  worker,
} from '../support/cluster/cluster.js';
import { coordinatorHere } from '../support/cluster/here.js';

/** Computing must outweigh sending, or the planner rightly leaves slow workers without a share. */
const RUN = [
  ...['--data', 'digits?train=256&test=64', '--model', 'cnn', '--batch-size', '64', '--shards', '8'],
  ...['--epochs', '2', '--seed', '7', '--optimizer', 'adam'],
];
const [BATCH, SAMPLES] = [64, 2 * 256];

describe.skipIf(withoutChromium())('a run with tabs', () => {
  const browser = sharedBrowser();
  const tabs = async (url: string, names: string[]) =>
    Promise.all(names.map(async (name) => contributingTab(await browser(), url, 'auto', name)));
  const node = (url: string, name: string) => worker(url, '--name', name, '--cache-mb', '0');

  /** The class that Node and browsers share. */
  const SHARED_CLASS = ['--engine-class', 'compiled/wasm'];

  const stands = (cluster: Cluster, state: RunState) =>
    statusThat(cluster, state, (status) => status.state === state);
  const joined = (cluster: Cluster, who: string) =>
    statusThat(cluster, `joined by ${who}`, ({ workers }) =>
      workers.some(({ name, state }) => name === who && state === 'idle'),
    );

  let made: ReturnType<typeof inNode> | undefined;
  /** The same run by one worker in Node, made once. */
  const byNode = () => (made ??= inNode());
  async function inNode() {
    const runDir = await temporaryFolder();
    const cluster = await coordinatorHere(runDir, ...RUN, ...SHARED_CLASS, '--local-lanes', '1');
    expect(await cluster.program.ended).toBe(0);
    return { summary: await summaryOf(runDir), metrics: metricsOf(runDir) };
  }

  async function expectTheSame(runDir: string) {
    const [summary, alone] = [await summaryOf(runDir), await byNode()];
    expect(summary.shards.counted).toBe(summary.shards.expected);
    expect(summary.reproducible.holds).toBe(true);
    expect(summary.weightsSha256).toBe(alone.summary.weightsSha256);
    // A pause changes nothing but when things happen.
    expect(metricsOf(runDir).filter(({ type }) => type !== 'change')).toEqual(alone.metrics);
    return summary;
  }

  it('finishes with a worker in Node and two tabs, of which one is closed, and its weights are those of Node alone', async () => {
    const runDir = await temporaryFolder();
    const cluster = await coordinatorHere(runDir, ...RUN, ...SHARED_CLASS, '--min-workers', '2');
    // The tabs make the first step among themselves: who is slow on a busy machine is left out later, and rightly.
    await waiting(cluster);
    expect((await administer(cluster.url, 'pause')).status).toBe(200);
    const [loyal, doomed] = await tabs(cluster.url, ['loyal', 'doomed']);
    await stands(cluster, 'paused');
    node(cluster.url, 'node');
    await joined(cluster, 'node');
    expect((await administer(cluster.url, 'resume')).status).toBe(200);
    await reached(cluster, 3);
    await doomed!.page.close();
    expect(await cluster.program.ended).toBe(0);
    expect(cluster.program.stderr).toContain('doomed left');
    const { workers } = await expectTheSame(runDir);
    const given = (name: string) => workers.find((row) => row.name === name)?.samples ?? 0;
    for (const { name, kind } of workers) expect(kind).toBe(name === 'node' ? 'node' : 'browser');
    expect(given('loyal') + given('doomed')).toBeGreaterThanOrEqual(BATCH);
    expect(given('node') + given('loyal') + given('doomed')).toBe(SAMPLES);
    await loyal!.phase('finished');
    expect(await loyal!.figure('my-samples', 'data-samples')).toBe(given('loyal'));
    expect(loyal!.complaints).toEqual([]);
  });

  it('finishes with tabs alone and has them too, and shows what each gave, by which engine and why', async () => {
    const runDir = await temporaryFolder();
    const cluster = await coordinatorHere(runDir, ...RUN, ...SHARED_CLASS);
    await waiting(cluster);
    // Each makes a step by itself, so that each has given something, and then both make the rest.
    await administer(cluster.url, 'pause');
    const [first] = await tabs(cluster.url, ['first']);
    await stands(cluster, 'paused');
    await first!.click('Pause');
    await first!.phase('paused');
    const [second] = await tabs(cluster.url, ['second']);
    await joined(cluster, 'second');
    await administer(cluster.url, 'resume');
    await administer(cluster.url, 'pause');
    await stands(cluster, 'paused');
    await first!.click('Resume');
    await joined(cluster, 'first');
    await administer(cluster.url, 'resume');
    expect(await cluster.program.ended).toBe(0);
    const { workers } = await expectTheSame(runDir);
    expect(workers.map(({ name }) => name).sort()).toEqual(['first', 'second']);
    expect(workers.reduce((sum, { samples }) => sum + samples, 0)).toBe(SAMPLES);
    for (const tab of [first!, second!]) {
      await tab.phase('finished');
      const given = await tab.figure('my-samples', 'data-samples');
      expect(given).toBeGreaterThanOrEqual(BATCH);
      const share = ((100 * given) / SAMPLES).toFixed(1);
      expect(await tab.page.locator('.contribution-headline').textContent()).toBe(
        `You have contributed ${given.toLocaleString('en')} samples (${share} % of this run)`,
      );
      expect(tab.complaints).toEqual([]);
    }
  });
});
