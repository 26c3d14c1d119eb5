/** The example of docs/library.md: data of one's own program. */
import { type OwnDataSet, startCoordinator, startWorker } from '../../index.js';

/** Points of the plane, and in which of two rings each lies. */
function* rings(count: number) {
  for (let i = 0; i < count; i++) {
    const [angle, isOuter] = [2.4 * i, i % 2 === 0];
    const radius = (isOuter ? 2 : 1) + 0.2 * Math.sin(7 * i);
    yield { x: [radius * Math.cos(angle), radius * Math.sin(angle)], y: isOuter ? 'outer' : 'inner' };
  }
}

export async function example(runDir: string): Promise<number> {
  const data: OwnDataSet = {
    train: () => rings(600),
    test: rings(200),
    x: { shape: [2] },
    label: { kind: 'class', names: ['inner', 'outer'] },
  };
  await using coordinator = await startCoordinator({
    data,
    model: 'mlp:32',
    optimizer: 'adam',
    lr: 0.01,
    epochs: 20,
    port: 0,
    runDir,
  });
  await using worker = startWorker({ url: coordinator.url });
  const { test } = await coordinator.finished;
  await worker.finished;
  return test!.accuracy!;
}
