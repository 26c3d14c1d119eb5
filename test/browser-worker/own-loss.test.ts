/** A tab that trains with a loss of the user's own: it gets a graph, and never the module. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { contributingTab, sharedBrowser, withoutChromium } from '../support/browser/chromium.js';
import { metricsOf, summaryOf, temporaryFolder } from '../support/cluster/cluster.js';
import { coordinatorHere } from '../support/cluster/here.js';

const FOCAL = `export default ({ tf }) => (yTrue, yPred) => {
  const targets = tf.oneHot(tf.cast(tf.reshape(yTrue, [-1]), 'int32'), 10);
  const right = tf.sum(tf.mul(targets, tf.clipByValue(yPred, 1e-6, 1)), -1);
  return tf.mul(tf.neg(tf.log(right)), tf.square(tf.sub(1, right)));
};`;

describe.skipIf(withoutChromium())('a tab', () => {
  const browser = sharedBrowser();

  it('trains with a custom loss, class weights and more metrics, and sends gradients and gets weights coded, to the bits of Node', async () => {
    const loss = join(await temporaryFolder(), 'focal.mjs');
    await writeFile(loss, FOCAL);
    const run = [
      ...['--data', 'digits?train=128&test=40', '--model', 'mlp:16', '--batch-size', '32', '--shards', '4'],
      ...['--epochs', '1', '--seed', '3', '--loss', loss, '--class-weight', 'balanced'],
      ...['--metrics', 'top3,auc', '--exchange', 'int8', '--weights', 'delta4'],
    ];
    const local = ['--local-lanes', '1', '--local-engine', 'compiled/wasm'];
    const node = await coordinatorHere(await temporaryFolder(), ...run, ...local);
    expect(await node.program.ended).toBe(0);
    const cluster = await coordinatorHere(await temporaryFolder(), ...run);
    const tab = await contributingTab(await browser(), cluster.url, 'wasm');
    await tab.phase('finished');
    expect(await cluster.program.ended).toBe(0);
    const [expected, summary] = [await summaryOf(node.runDir), await summaryOf(cluster.runDir)];
    expect(summary.workers).toMatchObject([{ kind: 'browser', engine: 'compiled/wasm', samples: 128 }]);
    expect(summary.weightsSha256).toBe(expected.weightsSha256);
    expect(metricsOf(cluster.runDir)).toEqual(metricsOf(node.runDir));
    expect(Object.keys(summary.test!.metrics!)).toEqual(['top3', 'auc']);
    expect(tab.complaints).toEqual([]);
  });
});
