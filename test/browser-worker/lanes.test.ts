/** A tab with several compute workers: the weights of one, and of Node. */
import { describe, expect, it } from 'vitest';
import { sharedBrowser, Tab, withoutChromium } from '../support/browser/chromium.js';
import { metricsOf, reached, statusOf, summaryOf, temporaryFolder } from '../support/cluster/cluster.js';
import { coordinatorHere } from '../support/cluster/here.js';

/** The last batch does not divide by the shards. */
const RUN = [
  ...['--data', 'digits?train=250&test=100', '--model', 'cnn', '--batch-size', '64', '--shards', '8'],
  ...['--seed', '11', '--optimizer', 'adam'],
];
const NODE = ['--local-lanes', '1', '--local-engine', 'compiled/wasm'];

describe.skipIf(withoutChromium())('a tab with two lanes', () => {
  const browser = sharedBrowser();

  /** On a device of two processors, whatever this machine has. */
  async function tabOn(url: string, name: string): Promise<Tab> {
    const device = await (await browser()).newContext();
    await device.addInitScript(() =>
      Object.defineProperty(Navigator.prototype, 'hardwareConcurrency', { get: () => 2 }),
    );
    return Tab.open(await browser(), `${url}/join?engine=wasm&name=${name}&cores=2`, device);
  }

  async function run(options: string[], join?: (url: string) => Promise<unknown>) {
    const runDir = await temporaryFolder();
    const cluster = await coordinatorHere(runDir, ...RUN, '--epochs', '1', ...options);
    await join?.(cluster.url);
    expect(await cluster.program.ended).toBe(0);
    const { weightsSha256, workers } = await summaryOf(runDir);
    return { weightsSha256, workers, metrics: metricsOf(runDir) };
  }

  let made: ReturnType<typeof run> | undefined;
  /** By one lane in Node, made once. */
  const byNode = () => (made ??= run(NODE));

  it('ends with the weights of one lane in Node, in memory that its compute workers share', async () => {
    let isShared: unknown;
    const { workers, ...result } = await run([], async (url) => {
      const tab = await tabOn(url, 'pair');
      isShared = await tab.page.evaluate(() => crossOriginIsolated);
      await tab.click('Contribute this tab');
      await tab.phase('finished');
      expect(await tab.text('my-lanes')).toBe('on 2 cores');
      expect(tab.complaints).toEqual([]);
    });
    expect(isShared).toBe(true);
    expect(workers).toMatchObject([{ name: 'pair', kind: 'browser', engine: 'compiled/wasm' }]);
    const { workers: _, ...expected } = await byNode();
    expect(result).toEqual(expected);
  });

  it('has the weights of Node after rounds of many updates, too', async () => {
    const rounds = ['--data', 'digits?train=100&test=20', '--local-steps', '2', '--replicas', '8'];
    const { workers: _, ...byTab } = await run(rounds, async (url) => {
      const tab = await tabOn(url, 'rounds');
      await tab.click('Contribute this tab');
      await tab.phase('finished');
      expect(tab.complaints).toEqual([]);
    });
    const { workers: __, ...expected } = await run([...rounds, ...NODE]);
    expect(byTab).toEqual(expected);
  });

  it('has them on plain http too, where memory is not shared', async () => {
    let isShared: unknown;
    const allowed = ['--allowed-hosts', 'volunteers.example'];
    const { workers: _, ...result } = await run(allowed, async (url) => {
      const tab = await tabOn(`http://volunteers.example:${new URL(url).port}`, 'plain');
      isShared = await tab.page.evaluate(() => crossOriginIsolated);
      await tab.click('Contribute this tab');
      await tab.phase('finished');
      expect(await tab.text('my-lanes')).toBe('on 2 cores');
    });
    expect(isShared).toBe(false);
    const { workers: __, ...expected } = await byNode();
    expect(result).toEqual(expected);
  });

  it('goes on with one when its owner gives one core', async () => {
    const cluster = await coordinatorHere(await temporaryFolder(), ...RUN, '--steps', '1000000');
    const tab = await tabOn(cluster.url, 'fickle');
    const cores = tab.page.getByLabel('Cores of this device to use');
    expect(await cores.getAttribute('max')).toBe('2');
    await tab.click('Contribute this tab');
    await reached(cluster, 1);
    expect(await tab.text('my-lanes')).toBe('on 2 cores');
    await cores.press('ArrowLeft');
    await tab.page.getByText('Cores: 1 of 2').waitFor();
    await tab.page.getByTestId('my-lanes').waitFor({ state: 'detached' });
    await tab.phase('contributing');
    const { step } = await statusOf(cluster.url);
    await reached(cluster, step + 2);
    expect(tab.complaints).toEqual([]);
  });
});
