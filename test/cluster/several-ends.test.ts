/** A Keras file with two inputs and two outputs, trained on an NPZ file: engine/eager/fixtures/make-two-ends.py. */
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { metricsOf, reached, summaryOf, temporaryFolder, worker } from '../support/cluster/cluster.js';
import { coordinatorHere } from '../support/cluster/here.js';

const fixture = (name: string) =>
  fileURLToPath(new URL(`../../engine/eager/fixtures/${name}`, import.meta.url));
const RUN = [
  ...['--data', `npz:${fixture('two-ends.npz')}`, '--model', fixture('two-ends.keras')],
  ...['--batch-size', '32', '--shards', '4', '--epochs', '8', '--optimizer', 'adam', '--lr', '0.02'],
  ...['--engine-class', 'compiled/wasm', '--checkpoint-every', '5'],
  ...['--monitor', 'species_accuracy'],
];

it('a Keras file with two inputs and two outputs learns from arrays of their names, with the same weights by one worker and by three of which one is killed', async () => {
  const [alone, shared] = [await temporaryFolder(), await temporaryFolder()];
  const one = await coordinatorHere(alone, ...RUN, '--local-lanes', '1');
  expect(await one.program.ended).toBe(0);
  const three = await coordinatorHere(shared, ...RUN);
  const workers = ['w1', 'w2', 'w3'].map((name) => worker(three.url, '--name', name, '--cache-mb', '0'));
  await reached(three, 6);
  workers[0]!.child.kill('SIGKILL');
  expect(await three.program.ended).toBe(0);
  await Promise.all(workers.map(({ ended }) => ended));
  const [first, second] = [await summaryOf(alone), await summaryOf(shared)];
  expect(second.weightsSha256).toBe(first.weightsSha256);
  expect(metricsOf(shared)).toEqual(metricsOf(alone));
  expect(second.shards.counted).toBe(second.shards.expected);
  const { loss, metrics } = first.test as { loss: number; metrics: Record<string, number> };
  expect(Object.keys(metrics)).toEqual([
    ...['species_loss', 'species_accuracy', 'age_loss', 'age_meanAbsoluteError'],
  ]);
  expect(loss).toBeCloseTo(metrics.species_loss! + 0.25 * metrics.age_loss!, 5);
  expect(metrics.species_accuracy).toBeGreaterThan(0.7);
  const told = metricsOf(alone).flatMap(({ type, species_accuracy: share }) =>
    type === 'evaluation' ? [share as number] : [],
  );
  expect(first.best).toMatchObject({ metric: 'species_accuracy', value: Math.max(...told) });
  expect(metrics.species_accuracy).toBe(first.best!.value);
});
