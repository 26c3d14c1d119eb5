/**
 * A worker's engine thread that computes until its process is killed; says `computing` once it does. Temporary
 * files go to the folder that is the argument.
 */
import { startEngineThread } from '../../../engine/node/engine-thread.js';
import { zoo } from './zoo.js';

const { description, data, weights, layout, batch } = await zoo('cnn');
process.env.TMPDIR = process.argv[2]!;
const thread = await startEngineThread({
  model: description,
  manifest: data,
  shardSamples: 16,
  wanted: 'compiled/cpu',
});
const loaded = thread.allocate(layout.total);
loaded.set(weights);
await thread.setWeights(loaded);
const into = thread.allocate(layout.total);
for (let step = 0; ; step++) {
  await thread.computeNode([{ batch: batch(16), seed: 1 }], into);
  if (step === 10) console.log('computing');
}
