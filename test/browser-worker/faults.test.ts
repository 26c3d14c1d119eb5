/** Tabs that vanish, networks that break, coordinators that die: the run goes on, and so does the tab. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { contributingTab, sharedBrowser, type Tab, withoutChromium } from '../support/browser/chromium.js';
import {
  administer,
  reached,
  statusOf,
  statusThat,
  summaryOf,
  temporaryFolder,
  waiting,
  worker,
} from '../support/cluster/cluster.js';
import { coordinatorHere } from '../support/cluster/here.js';
import { killedAtCheckpoint, WEIGHTS_BYTES } from '../support/cluster/killed-at-checkpoint.js';
import { proxyTo } from '../support/cluster/proxy.js';
import { workHere } from '../support/cluster/worker-here.js';

const RUN = [
  ...['--data', 'digits?train=512&test=128', '--model', 'mlp:128', '--batch-size', '64', '--shards', '8'],
  ...['--seed', '7', '--checkpoint-every', '5'],
];

const memberOf = async (url: string, name: string) =>
  (await statusOf(url)).workers.find((row) => row.name === name);
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe.skipIf(withoutChromium())('a run', () => {
  const browser = sharedBrowser();

  it('loses nothing but time when a tab is closed in the middle of a step', async () => {
    const local = ['--local-lanes', '1', '--local-engine', 'compiled/wasm'];
    const alone = await coordinatorHere(await temporaryFolder(), ...RUN, '--epochs', '1', ...local);
    expect(await alone.program.ended).toBe(0);
    const runDir = await temporaryFolder();
    const cluster = await coordinatorHere(
      runDir,
      ...RUN,
      '--epochs',
      '1',
      '--verbose',
      '--dead-after',
      '600',
    );
    await waiting(cluster);
    expect((await administer(cluster.url, 'pause')).status).toBe(200);
    const proxy = await proxyTo(cluster.url);
    const tab = await contributingTab(await browser(), proxy.url, 'wasm', 'slow');
    // It makes the first step alone. Nothing that it sends in the second arrives: it is closed in the middle of that.
    await statusThat(cluster, 'paused', ({ state }) => state === 'paused');
    proxy.hold();
    expect((await administer(cluster.url, 'resume')).status).toBe(200);
    await statusThat(cluster, 'computing', ({ workers }) => workers[0]?.state === 'computing');
    worker(cluster.url, '--engine', 'compiled/wasm', '--name', 'node', '--cache-mb', '0');
    await cluster.program.line(/node joined/);
    await tab.page.close();
    await cluster.program.line(/slow left/);
    expect(await cluster.program.ended).toBe(0);
    const [summary, reference] = [await summaryOf(runDir), await summaryOf(alone.runDir)];
    // When it left, or before that, since it was late.
    expect(cluster.program.stderr).toMatch(/of slow given to others|for node \d+ of slow/);
    expect(summary.shards.counted).toBe(summary.shards.expected);
    expect(summary.workers.find(({ name }) => name === 'slow')?.samples).toBe(64);
    expect(summary.weightsSha256).toBe(reference.weightsSha256);
  });

  it('gets its tab back after a time offline', async () => {
    const cluster = await coordinatorHere(await temporaryFolder(), ...RUN, '--epochs', '100000');
    const proxy = await proxyTo(cluster.url, { delayMs: 20 });
    const tab = await contributingTab(await browser(), proxy.url, 'wasm', 'mobile');
    await tab.phase('contributing');
    await reached(cluster, 5);
    await tab.page.context().setOffline(true);
    expect(await tab.phase('offline')).toBe(
      'This device is offline. It goes on by itself when the network is back.',
    );
    // The browser's switch leaves open sockets alone; a real network would not.
    proxy.cut();
    await cluster.program.line(/mobile left: connection lost/);
    const { step } = await statusOf(cluster.url);
    await tab.page.context().setOffline(false);
    await tab.phase('contributing');
    await reached(cluster, step + 5);
    expect((await memberOf(cluster.url, 'mobile'))!.samples).toBeGreaterThan(0);
  });

  it('gets its tab back after the coordinator was killed and resumed, and sends it no weights that it holds', async () => {
    let tab!: Tab;
    const { after, first, again } = await killedAtCheckpoint(async (url) => {
      tab = await contributingTab(await browser(), url, 'wasm', 'loyal');
    });
    expect(first).toBeGreaterThan(WEIGHTS_BYTES);
    expect(again).toBeLessThan(WEIGHTS_BYTES / 10);
    const second = workHere(after.url, { name: 'second' });
    onTestFinished(() => second.stop());
    // The other one may take over the tab's first leases, if the tab is slow to begin.
    await until(async () => (await memberOf(after.url, 'loyal'))!.samples > 0);
    await until(async () => (await tab.figure('my-samples', 'data-samples')) > 0);
    expect(await tab.figure('my-downloaded', 'data-bytes')).toBeGreaterThan(0);
    await tab.phase('contributing');
  });
});
