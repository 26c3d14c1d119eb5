/**
 * A worker's side of the compiled engine in a process of its own: computes a step from a served program, and
 * prints which files of TF.js that loaded. The program is built in a thread, as by a coordinator.
 */
import { createRequire } from 'node:module';
import { buildModel } from '../../../coordinator/prepare/model/build-model.js';
import { engineCandidates } from '../../../engine/node/candidates.js';
import { layoutOf } from '../../../shared/numerics/layout.js';

const batch = { count: 2, x: new Uint8Array(12), y: new Uint8Array(2) };
const data = {
  name: 'zeros',
  x: { shape: [6], dtype: 'uint8' },
  y: { shape: [], dtype: 'uint8' },
  label: { kind: 'class', classes: 3 },
  normalisation: { scale: 1, mean: [0], std: [1] },
  first: [batch],
  trainRecords: 2,
  testRecords: 2,
} as const;
const { description, weights, program } = await buildModel({
  model: 'mlp',
  data: {
    ...data,
    first: [batch],
    x: { shape: [6], dtype: 'uint8' },
    y: { shape: [], dtype: 'uint8' },
  } as never,
  loss: undefined,
  seed: 1,
  run: { batchSize: 2, shards: 1, shardSamples: 2 },
});
const subject = { model: description, manifest: data as never, shardSamples: 2, program };
const engine = await engineCandidates(subject)
  .find(({ name }) => name === 'compiled/cpu')!
  .start();
await engine.setWeights(weights);
const { loss } = await engine.gradient(batch, 1, new Float32Array(layoutOf(description.weights).total));
const { cache } = createRequire(import.meta.url);
const loaded = Object.keys(cache).filter((file) => file.includes('@tensorflow'));
console.log(JSON.stringify({ finite: Number.isFinite(loss), loaded }));
