/** Tabs that nobody looks at: hidden, frozen, their GPU gone. Chromium is driven by its raw protocol here. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withoutChromium } from '../support/browser/chromium.js';
import { clickOn, Devtools, phaseIs } from '../support/browser/devtools.js';
import { reached, statusOf, summaryOf, temporaryFolder, worker } from '../support/cluster/cluster.js';
import { type ClusterHere, coordinatorHere } from '../support/cluster/here.js';
import { proxyTo } from '../support/cluster/proxy.js';

const RUN = [
  ...['--data', 'digits?train=1024&test=64', '--model', 'mlp:32', '--batch-size', '64', '--shards', '8'],
  ...['--seed', '7', '--evaluate-every', '1000000'],
];

const samplesOf = async (url: string, name: string): Promise<number> =>
  (await statusOf(url)).workers.find((row) => row.name === name)?.samples ?? 0;

/** Asks again and again until it is so. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 50));
}

async function finish(cluster: ClusterHere) {
  await cluster.stop();
  const summary = await summaryOf(cluster.runDir);
  expect(summary.shards.counted).toBe(summary.shards.expected);
  return summary;
}

/** An endless run behind a slow line: it leaves the processors to the pages. */
async function endlessRun(...options: string[]): Promise<{ cluster: ClusterHere; door: string }> {
  const cluster = await coordinatorHere(await temporaryFolder(), ...RUN, '--epochs', '10000', ...options);
  return { cluster, door: (await proxyTo(cluster.url, { delayMs: 10 })).url };
}

describe.skipIf(withoutChromium())('a tab', () => {
  let devtools: Devtools;
  beforeAll(async () => {
    devtools = await Devtools.start(afterAll);
  });

  it('keeps contributing while it is hidden', async () => {
    const { cluster, door } = await endlessRun();
    const tab = await devtools.open(`${door}/join?engine=wasm&name=hidden`);
    await devtools.until(tab, "document.querySelector('button')");
    await devtools.evaluate(tab, clickOn('Contribute this tab'));
    await devtools.until(tab, phaseIs('contributing'));
    await devtools.activate(await devtools.open('about:blank'));
    await devtools.until(tab, "document.visibilityState === 'hidden'");
    const before = (await statusOf(cluster.url)).step;
    await reached(cluster, before + 50);
    expect(await devtools.evaluate(tab, 'document.visibilityState')).toBe('hidden');
    await finish(cluster);
  });

  it('rests while it is hidden, if its owner wishes so, and goes on when shown', async () => {
    const { cluster, door } = await endlessRun();
    const tab = await devtools.open(`${door}/join?engine=wasm&name=shy`);
    await devtools.until(tab, "document.querySelector('button')");
    await devtools.evaluate(tab, "document.querySelector('input[type=checkbox]').click()");
    await devtools.evaluate(tab, clickOn('Contribute this tab'));
    await devtools.until(tab, phaseIs('contributing'));
    await devtools.activate(await devtools.open('about:blank'));
    await devtools.until(tab, phaseIs('paused'));
    expect(await devtools.evaluate(tab, "document.querySelector('[data-testid=my-state]').textContent")).toBe(
      'Paused while this tab is hidden, as you asked. It goes on when you come back.',
    );
    await until(async () => (await statusOf(cluster.url)).workers.length === 0);
    await devtools.activate(tab);
    await devtools.until(tab, phaseIs('contributing'));
    await finish(cluster);
  });

  it('loses its leases when it is frozen, and comes back by itself', async () => {
    const { cluster, door } = await endlessRun('--dead-after', '2');
    worker(door, '--engine', 'compiled/wasm', '--name', 'node', '--cache-mb', '0');
    const tab = await devtools.open(`${door}/join?engine=wasm&name=icy`);
    await devtools.until(tab, "document.querySelector('button')");
    await devtools.evaluate(tab, clickOn('Contribute this tab'));
    await until(async () => (await samplesOf(cluster.url, 'icy')) > 0);
    // Only hidden tabs freeze.
    await devtools.activate(await devtools.open('about:blank'));
    await devtools.call('Page.setWebLifecycleState', { state: 'frozen' }, tab.sessionId);
    await cluster.program.line(/icy refused: silent for/);
    const { step } = await statusOf(cluster.url);
    await reached(cluster, step + 20);
    await devtools.call('Page.setWebLifecycleState', { state: 'active' }, tab.sessionId);
    await until(async () => (await samplesOf(cluster.url, 'icy')) > 0);
    await devtools.until(tab, phaseIs('contributing'));
    const summary = await finish(cluster);
    expect(summary.workers.map(({ name }) => name).sort()).toEqual(['icy', 'node']);
  });

  it('starts its engine again when the GPU is lost, and computes without it after the second time', async () => {
    const { cluster, door } = await endlessRun();
    const tab = await devtools.open(`${door}/join?engine=webgl&name=dizzy`);
    await devtools.until(tab, "document.querySelector('button')");
    await devtools.evaluate(tab, clickOn('Contribute this tab'));
    const computing = async (engine: string) =>
      until(async () => {
        const row = (await statusOf(cluster.url)).workers.find(({ name }) => name === 'dizzy');
        return row?.engine === engine && row.samples > 0;
      });
    await computing('eager/webgl');
    await loseContext(devtools, door);
    const { step } = await statusOf(cluster.url);
    await reached(cluster, step + 3);
    expect((await statusOf(cluster.url)).workers).toMatchObject([{ engine: 'eager/webgl' }]);
    await loseContext(devtools, door);
    await computing('compiled/wasm');
    const summary = await finish(cluster);
    expect(summary.workers.map(({ engine }) => engine).sort()).toEqual(['compiled/wasm', 'eager/webgl']);
  });
});

/** As a driver that crashes: every WebGL context of the compute worker is lost. */
async function loseContext(devtools: Devtools, door: string): Promise<void> {
  const { sessionId } = await devtools.found(
    ({ url }) => url.startsWith(door) && url.includes('compute-worker'),
  );
  const { result } = await devtools.call(
    'Runtime.evaluate',
    { expression: 'WebGL2RenderingContext.prototype' },
    sessionId,
  );
  const { objects } = await devtools.call(
    'Runtime.queryObjects',
    { prototypeObjectId: result.objectId },
    sessionId,
  );
  await devtools.call(
    'Runtime.callFunctionOn',
    {
      objectId: objects.objectId,
      functionDeclaration:
        "function () { for (const gl of this) gl.getExtension('WEBGL_lose_context')?.loseContext(); }",
    },
    sessionId,
  );
}
