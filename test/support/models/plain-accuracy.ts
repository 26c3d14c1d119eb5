/** An exported model beside the coordinator's own figures. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { openData } from '../../../coordinator/prepare/data/sources/sources.js';

/** The accuracy of an exported model on a test set's pixels as they are, by plain TF.js. */
export async function plainAccuracy(folder: string, spec: string): Promise<number> {
  const { modelTopology, weightsManifest } = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8'));
  const parts = await Promise.all(
    weightsManifest[0].paths.map((path: string) => readFile(join(folder, path))),
  );
  const all = Buffer.concat(parts);
  const weightData = all.buffer.slice(all.byteOffset, all.byteOffset + all.length) as ArrayBuffer;
  await tf.setBackend('cpu');
  const model = await tf.loadLayersModel(
    tf.io.fromMemory({ modelTopology, weightSpecs: weightsManifest[0].weights, weightData }),
  );
  const { test, x } = await openData(spec);
  const pixels = Float32Array.from(test.x);
  const predicted = tf.tidy(() => {
    const output = model.predict(tf.tensor(pixels, [test.count, ...x.shape]), {
      batchSize: 1000,
    }) as tf.Tensor;
    return output.argMax(-1).dataSync();
  });
  return (
    Array.from(test.y).reduce((right, label, i) => right + Number(predicted[i] === label), 0) / test.count
  );
}
