/** Tabs that vanish, networks that break, coordinators that die: the run goes on, and so does the tab. */
import { describe, expect, it } from 'vitest';
import { contributingTab, sharedBrowser, Tab, withoutChromium } from '../support/chromium.js';
import { coordinator, reached, statusOf, summaryOf, temporaryFolder, worker } from '../support/cluster.js';
import { proxyTo } from '../support/proxy.js';

const RUN = [
  ...['--data', 'digits?train=512&test=128', '--model', 'mlp:128', '--batch-size', '64', '--shards', '8'],
  ...['--seed', '7', '--checkpoint-every', '5'],
];

const memberOf = async (url: string, name: string) =>
  (await statusOf(url)).workers.find((row) => row.name === name);
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe.skipIf(withoutChromium())('a run', { timeout: 300_000 }, () => {
  const browser = sharedBrowser();

  it('loses nothing but time when a tab is closed in the middle of a step', async () => {
    const local = ['--local-workers', '1', '--local-engine', 'eager/cpu'];
    const alone = await coordinator(await temporaryFolder(), ...RUN, '--epochs', '4', ...local);
    expect(await alone.program.ended).toBe(0);
    const runDir = await temporaryFolder();
    const cluster = await coordinator(runDir, ...RUN, '--epochs', '4', '--min-workers', '2');
    const device = await (await browser()).newContext();
    // At a tenth of its time a tab holds its lease for nearly all of the step.
    await device.addInitScript(() => localStorage.setItem('swarmgrad.settings', '{"dutyCycle":0.1}'));
    const url = `${cluster.url}/join?engine=cpu&auto=1&name=slow`;
    const tab = await Tab.open(await browser(), url, device);
    const node = (name: string) =>
      worker(cluster.url, '--engine', 'eager/cpu', '--name', name, '--cache-mb', '0');
    node('node');
    await until(async () => {
      const member = await memberOf(cluster.url, 'slow');
      return member?.state === 'computing' && member.samples > 0;
    });
    await tab.page.close();
    await cluster.program.line(/slow left/);
    node('late');
    expect(await cluster.program.ended).toBe(0);
    const [summary, reference] = [await summaryOf(runDir), await summaryOf(alone.runDir)];
    expect(summary.shards.reissued).toBeGreaterThan(0);
    expect(summary.shards.counted).toBe(summary.shards.expected);
    expect(summary.workers.map(({ name }) => name)).toContain('slow');
    expect(summary.weightsSha256).toBe(reference.weightsSha256);
  });

  it('gets its tab back after a time offline', async () => {
    const cluster = await coordinator(await temporaryFolder(), ...RUN, '--epochs', '100000');
    const proxy = await proxyTo(cluster.url);
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

  it('gets its tab back after the coordinator was killed and resumed', async () => {
    const runDir = await temporaryFolder();
    const first = await coordinator(runDir, ...RUN, '--epochs', '100000');
    const tab = await contributingTab(await browser(), first.url, 'wasm', 'loyal');
    await reached(first, 10);
    await until(async () => (await tab.figure('my-samples', 'data-samples')) > 0);
    first.program.child.kill('SIGKILL');
    await first.program.ended;
    await tab.phase('connecting');
    const { port } = new URL(first.url);
    const second = await coordinator(runDir, '--resume', '--port', port);
    await tab.phase('contributing');
    const { step } = await reached(second, 20);
    expect(step).toBeGreaterThanOrEqual(20);
    expect((await memberOf(second.url, 'loyal'))!.samples).toBeGreaterThan(0);
    const downloaded = await tab.figure('my-downloaded', 'data-bytes');
    expect(downloaded).toBeGreaterThan(0);
  });
});
