/** A small run by an engine of a tab, against the reference in Node. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { contributingTab, sharedBrowser, withoutChromium } from '../support/browser/chromium.js';
import { metricsOf, summaryOf, temporaryFolder } from '../support/cluster/cluster.js';
import { coordinatorHere } from '../support/cluster/here.js';

const RUN = [
  ...['--data', 'digits?train=128&test=40', '--batch-size', '32', '--shards', '4', '--epochs', '1'],
  ...['--seed', '3', '--optimizer', 'sgd', '--lr', '0.05'],
];

/** Small, since WebGL and WebGPU are drawn by the processor here; with all that engines may get wrong. */
function convolutional(): object {
  // Else TF.js advertises its native backend.
  tf.enableProdMode();
  const model = tf.sequential({ name: 'small' });
  const shape = { kernelSize: 5, strides: 2, filters: 4, padding: 'same', activation: 'relu' } as const;
  model.add(tf.layers.conv2d({ ...shape, inputShape: [28, 28, 1], name: 'conv_1' }));
  model.add(tf.layers.batchNormalization({ name: 'norm' }));
  model.add(tf.layers.maxPooling2d({ poolSize: 2, name: 'pool' }));
  model.add(tf.layers.conv2d({ ...shape, strides: 1, name: 'conv_2' }));
  model.add(tf.layers.flatten({ name: 'flatten' }));
  model.add(tf.layers.dropout({ rate: 0.25, name: 'dropout' }));
  model.add(tf.layers.dense({ units: 10, activation: 'softmax', name: 'output' }));
  return { modelTopology: model.toJSON(null, false) };
}

async function modelFile(): Promise<string> {
  const path = join(await temporaryFolder(), 'model.json');
  await writeFile(path, JSON.stringify(convolutional()));
  return path;
}

interface Line {
  loss?: number;
}

async function run(...options: string[]) {
  const runDir = await temporaryFolder();
  const cluster = await coordinatorHere(runDir, ...RUN, '--model', await modelFile(), ...options);
  return { runDir, cluster };
}

/** By TF.js on plain JavaScript in Node. */
async function reference() {
  const { runDir, cluster } = await run('--local-lanes', '1', '--local-engine', 'eager/cpu');
  expect(await cluster.program.ended).toBe(0);
  return { sha256: (await summaryOf(runDir)).weightsSha256, lines: metricsOf(runDir) as Line[] };
}

/** Tests of these engines; to be called where no other test is. */
export function agreeWithTheReference(engines: string[]): void {
  describe.skipIf(withoutChromium())('in a tab', () => {
    const browser = sharedBrowser();
    let made: ReturnType<typeof reference> | undefined;

    it.each(engines)('a convolutional network trained by %s agrees with the reference', async (engine) => {
      const { runDir, cluster } = await run();
      const tab = await contributingTab(await browser(), cluster.url, engine);
      await tab.phase('finished');
      expect(await cluster.program.ended).toBe(0);
      const summary = await summaryOf(runDir);
      expect(summary.workers).toMatchObject([{ engine, kind: 'browser', samples: 128 }]);
      const { sha256, lines } = await (made ??= reference());
      const own = metricsOf(runDir) as Line[];
      expect(own.length).toBe(lines.length);
      for (const [i, { loss }] of own.entries()) {
        if (loss !== undefined) expect(Math.abs(loss / lines[i]!.loss! - 1)).toBeLessThan(1e-4);
      }
      // The same program on the same JavaScript engine: not close, but equal.
      if (engine === 'eager/cpu') expect(summary.weightsSha256).toBe(sha256);
      const why = await tab.page.locator('.contribution-reason').textContent();
      expect(why).toContain(`${engine}: `);
      expect(why).toContain('agrees with the reference to');
      expect(await tab.text('my-engine')).toBe(engine);
      expect(tab.complaints).toEqual([]);
    });
  });
}
