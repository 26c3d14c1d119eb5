/** The example of docs/library.md: a loss of one's own. */
import { type OwnFunction, startCoordinator, startWorker } from '../../index.js';

/** Lin et al. 2017: samples that are right already count for less. */
export const focal: OwnFunction =
  ({ tf }) =>
  (yTrue, yPred) => {
    const chosen = tf.mul(tf.oneHot(yTrue.toInt(), yPred.shape[1]!), yPred);
    const p = tf.clipByValue(tf.sum(chosen, -1), 1e-7, 1);
    return tf.neg(tf.mul(tf.square(tf.sub(1, p)), tf.log(p)));
  };

export async function example(runDir: string, workers = 1): Promise<string> {
  const coordinator = await startCoordinator({
    data: 'digits?train=500&test=100',
    model: 'linear',
    loss: focal,
    steps: 6,
    minWorkers: workers,
    port: 0,
    runDir,
  });
  const joined = Array.from({ length: workers }, () => startWorker({ url: coordinator.url, lanes: 1 }));
  const { weightsSha256 } = await coordinator.finished;
  await Promise.all(joined.map(({ finished }) => finished));
  await coordinator.close();
  return weightsSha256;
}
