/**
 * The engines on TensorFlow's own kernels. They need `@tensorflow/tfjs-node` and `-gpu` in the folder .tfjs-node of
 * the checkout (or SWARMGRAD_TEST_TFJS_NODE), apart from node_modules, which CI leaves as `npm ci` made it.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { metricsOf, startProgram, summaryOf, temporaryFolder } from '../../test/support/cluster/cluster.js';
import { coordinatorHere } from '../../test/support/cluster/here.js';
import { temporaryFolder as sharedFolder } from '../../test/support/files/temporary-folder.js';
import { loadNative } from './native-tensorflow.js';

const FOLDER =
  process.env.SWARMGRAD_TEST_TFJS_NODE ?? fileURLToPath(new URL('../../.tfjs-node', import.meta.url));

/** Steps by one engine: losses, and the hash of the weights. */
async function trained(engine: string, workers: number, options: string[]) {
  const runDir = await temporaryFolder();
  const run = join(runDir, 'run');
  const cluster = await coordinatorHere(
    run,
    ...['--data', 'digits?train=96&test=32', '--epochs', '1', '--batch-size', '32', '--shards', '2'],
    ...['--seed', '5', '--min-workers', String(workers), ...options],
  );
  const joining = Array.from({ length: workers }, () =>
    startProgram(['worker', cluster.url, '--engine', engine, '--cache-mb', '0'], {
      env: { SWARMGRAD_TFJS_NODE: FOLDER },
    }),
  );
  const ended = await cluster.program.ended;
  expect(ended, joining.map(({ stderr }) => stderr).join('\n')).toBe(0);
  const losses = metricsOf(run).map(({ loss }) => loss as number);
  const { weightsSha256, workers: took } = await summaryOf(run);
  return { losses, weightsSha256, engines: [...new Set(took.map(({ engineClass }) => engineClass))] };
}

const OPTIONS = ['--model', 'cnn', '--optimizer', 'sgd', '--lr', '0.01'];
let made: ReturnType<typeof trained> | undefined;
/** Made once. */
const reference = () => (made ??= trained('eager/wasm', 1, OPTIONS));

describe.each([
  ['eager/node', '@tensorflow/tfjs-node'],
  ['eager/node-gpu', '@tensorflow/tfjs-node-gpu'],
])('%s', (engine, packageName) => {
  const absent = !existsSync(join(FOLDER, 'node_modules', packageName, 'lib'));
  if (absent) console.log(`skipped: tests of ${engine} need ${packageName}, built, in ${FOLDER}`);

  it.skipIf(absent)(
    'trains the cnn as eager/wasm does, and gives the same bits to one worker and to two',
    async () => {
      const native = await trained(engine, 1, OPTIONS);
      expect(native.engines).toEqual([expect.stringMatching(`^${engine}@4\\.22\\.0\\+tf2\\.`)]);
      const { losses } = await reference();
      expect(native.losses).toHaveLength(4);
      for (const [i, loss] of native.losses.entries()) {
        expect(Math.abs(loss - losses[i]!), `step ${i}`).toBeLessThan(1e-3);
      }
      const two = await trained(engine, 2, OPTIONS);
      expect(two.weightsSha256).toBe(native.weightsSha256);
    },
  );
});

describe('a package that cannot be had is told in words', () => {
  const folder = sharedFolder();
  const packageFolder = join(folder, 'node_modules/@tensorflow/tfjs-node');
  mkdirSync(packageFolder, { recursive: true });
  writeFileSync(join(packageFolder, 'package.json'), '{"name":"@tensorflow/tfjs-node","main":"index.js"}');
  writeFileSync(
    join(packageFolder, 'index.js'),
    "throw new Error('libtensorflow.so.2: no such file\\nstack')",
  );

  it.each([
    ['@tensorflow/tfjs-node-gpu', '20.1.0', '@tensorflow/tfjs-node-gpu is not installed'],
    ['@tensorflow/tfjs-node', '23.0.0', 'does not run on Node 23: use Node 20 or 22, or another engine'],
    [
      '@tensorflow/tfjs-node',
      '22.9.0',
      '@tensorflow/tfjs-node is installed but does not load (libtensorflow.so.2: no such file): npm rebuild @tensorflow/tfjs-node',
    ],
  ] as const)('%s on Node %s', (packageName, nodeVersion, message) => {
    expect(() => loadNative(packageName, { nodeVersion, folder })).toThrow(message);
  });

  it('is not taken from where swarmgrad was started, which somebody may have prepared', () => {
    const before = process.cwd();
    process.chdir(folder);
    onTestFinished(() => process.chdir(before));
    expect(() => loadNative('@tensorflow/tfjs-node')).toThrow(/^@tensorflow\/tfjs-node is not installed$/);
  });
});
