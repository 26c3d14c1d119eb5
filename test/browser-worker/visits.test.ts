/** What a volunteer does and sees: starts, pauses, stops, comes again, opens a second tab, has an old browser. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { contributingTab, sharedBrowser, Tab, withoutChromium } from '../support/browser/chromium.js';
import { OLD_BROWSER_FLAGS } from '../support/browser/chromium-flags.js';
import { type Cluster, reached, statusOf, temporaryFolder } from '../support/cluster/cluster.js';
import { coordinatorHere, coordinatorUntil } from '../support/cluster/here.js';
import { proxyTo } from '../support/cluster/proxy.js';

const ENDLESS = [
  ...['--data', 'digits?train=512&test=128', '--model', 'mlp:32', '--batch-size', '64', '--shards', '8'],
  ...['--epochs', '100000', '--seed', '7'],
];
const STEPS_OF_TWO_EPOCHS = 16;
const DELAY_MS = 20;

const names = async (url: string) => (await statusOf(url)).workers.map(({ name }) => name);
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 50));
}

describe.skipIf(withoutChromium())('a volunteer', () => {
  const browser = sharedBrowser();
  let cluster: Cluster;
  /** Where tabs come in: an endless run that they wait for leaves the processors to what looks at it. */
  let door: string;
  beforeAll(async () => {
    cluster = await coordinatorUntil(afterAll, await temporaryFolder(afterAll), [
      ...ENDLESS,
      ...['--allowed-hosts', 'volunteers.example'],
    ]);
    door = (await proxyTo(cluster.url, { delayMs: DELAY_MS, onEnd: afterAll })).url;
  });
  beforeEach(async () => until(async () => (await names(cluster.url)).length === 0));
  /** The run makes so many steps from now on. */
  const goesOn = async (steps: number) => reached(cluster, (await statusOf(cluster.url)).step + steps);

  it('pauses, resumes and stops; the coordinator sees it come and go, and counts on', async () => {
    const tab = await contributingTab(await browser(), door, 'wasm', 'guest');
    await tab.phase('contributing');
    await until(async () => (await tab.figure('my-samples', 'data-samples')) >= 64 * 5);
    await tab.click('Pause');
    expect(await tab.phase('paused')).toMatch(/^Paused\./);
    await cluster.program.line(/guest left: connection closed \(4001\)/);
    await until(async () => (await names(cluster.url)).length === 0);
    const given = await tab.figure('my-samples', 'data-samples');
    await tab.click('Resume');
    await tab.phase('contributing');
    await goesOn(5);
    await until(async () => (await tab.figure('my-samples', 'data-samples')) >= given + 64 * 5);
    await tab.click('Stop');
    await tab.phase('off');
    await until(async () => (await names(cluster.url)).length === 0);
    await tab.page.getByRole('button', { name: 'Contribute this tab' }).waitFor();
    expect(tab.complaints).toEqual([]);
  });

  it('is not made to contribute by opening the page, unless the link says so', async () => {
    const idle = await Tab.open(await browser(), `${door}/join?name=idle`);
    await idle.phase('off');
    const eager = await Tab.open(await browser(), `${door}/join?auto=1&engine=wasm&name=eager`);
    await eager.phase('contributing');
    await goesOn(5);
    expect(idle.page.workers()).toEqual([]);
    expect(await names(cluster.url)).toEqual(['eager']);
  });

  it('contributes from the dashboard too, whose button is the click', async () => {
    const tab = await Tab.open(await browser(), door);
    await tab.click('Contribute this tab');
    await tab.phase('contributing');
    await until(async () => (await tab.figure('my-samples', 'data-samples')) > 0);
    expect(await statusOf(cluster.url)).toMatchObject({ workers: [{ kind: 'browser' }] });
    await tab.click('Stop');
    await tab.phase('off');
    await until(async () => (await names(cluster.url)).length === 0);
    expect(tab.complaints).toEqual([]);
  });

  it.each(['light', 'dark'] as const)('finds a page without barriers (axe), %s', async (colorScheme) => {
    const device = await (await browser()).newContext({ colorScheme, viewport: { width: 390, height: 844 } });
    const tab = await Tab.open(await browser(), `${door}/join?engine=wasm&auto=1`, device);
    await until(async () => (await tab.figure('my-samples', 'data-samples')) > 0);
    await tab.page.evaluate(
      await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'),
    );
    const { violations } = (await tab.page.evaluate('axe.run()')) as { violations: { id: string }[] };
    expect(violations.map(({ id }) => id)).toEqual([]);
    expect(await tab.page.evaluate('document.documentElement.scrollWidth')).toBe(390);
  });

  it('downloads no data on a second visit', async () => {
    const proxy = await proxyTo(cluster.url, { delayMs: DELAY_MS });
    const device = await (await browser()).newContext();
    const url = `${proxy.url}/join?engine=wasm&auto=1`;
    const first = await Tab.open(await browser(), url, device);
    await goesOn(STEPS_OF_TWO_EPOCHS);
    await until(async () => (await first.figure('my-downloaded', 'data-bytes')) > 0);
    await first.click('Stop');
    await first.phase('off');
    await first.page.close();
    const isObject = (path: string) => path.startsWith('/objects/');
    const fetched = proxy.requested.filter(isObject);
    expect(new Set(fetched).size).toBe(fetched.length);
    expect(fetched.length).toBeGreaterThan(4);
    const second = await Tab.open(await browser(), url, device);
    await goesOn(STEPS_OF_TWO_EPOCHS);
    expect(await second.figure('my-downloaded', 'data-bytes')).toBe(0);
    expect(proxy.requested.filter(isObject)).toEqual(fetched);
    expect(second.complaints).toEqual([]);
  });

  it('contributes by one tab of a browser at a time; the next takes over', async () => {
    const device = await (await browser()).newContext();
    const url = `${door}/join?engine=wasm&auto=1&name=`;
    const first = await Tab.open(await browser(), `${url}first`, device);
    await first.phase('contributing');
    const second = await Tab.open(await browser(), `${url}second`, device);
    expect(await second.phase('elsewhere')).toBe(
      'Another tab of this browser contributes already. This one waits for its turn.',
    );
    expect(await names(cluster.url)).toEqual(['first']);
    await first.page.close();
    await second.phase('contributing');
    await until(async () => (await names(cluster.url)).join() === 'second');
  });

  it('contributes over plain http too, and is told what that costs', async () => {
    const { port } = new URL(door);
    const tab = await contributingTab(await browser(), `http://volunteers.example:${port}`, 'auto', 'plain');
    await goesOn(5);
    await tab.phase('contributing');
    expect(await tab.page.evaluate(() => [isSecureContext, crossOriginIsolated])).toEqual([false, false]);
    expect(await tab.page.locator('.contribution-missing').first().textContent()).toMatch(
      /^This page came over plain http.*open it by https, or as http:\/\/localhost/,
    );
    await until(async () => (await tab.text('my-downloaded')).includes('held in memory only'));
  });
});

describe.skipIf(withoutChromium())('a volunteer whose browser is old', () => {
  const browser = sharedBrowser(OLD_BROWSER_FLAGS);

  it('contributes without WebGL and WebAssembly, and is told what is missing and what to do', async () => {
    const cluster = await coordinatorHere(await temporaryFolder(), ...ENDLESS);
    const tab = await contributingTab(await browser(), cluster.url, 'auto', 'old');
    await tab.phase('contributing');
    await reached(cluster, 3);
    expect(await tab.text('my-engine')).toBe('eager/cpu');
    expect(await tab.page.locator('.contribution-missing').allTextContents()).toEqual([
      expect.stringMatching(/no WebGL.*switch on hardware acceleration/),
      expect.stringMatching(/no WebAssembly.*newer browser/),
    ]);
  });
});
