/** The example of the README: a coordinator and a worker within one's own program. */
import { startCoordinator, startWorker } from '../../index.js';

export async function example(runDir: string): Promise<number> {
  const coordinator = await startCoordinator({
    data: 'digits?train=2000&test=500',
    // A name of the zoo, a file, or a function that builds a model for the shapes of the data.
    model: (tf, { inputShape, outputs, outputActivation }) =>
      tf.sequential({
        layers: [
          tf.layers.flatten({ inputShape }),
          tf.layers.dense({ units: 32, activation: 'relu' }),
          tf.layers.dense({ units: outputs, activation: outputActivation }),
        ],
      }),
    epochs: 5,
    batchSize: 32,
    port: 0,
    runDir,
  });
  coordinator.onEvent((event) => console.log(event.text));
  const worker = startWorker({ url: coordinator.url });
  const { test } = await coordinator.finished;
  await worker.finished;
  await coordinator.close();
  return test!.accuracy!;
}
