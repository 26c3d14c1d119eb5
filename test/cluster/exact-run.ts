/** The run of the tests of exactness, undisturbed: the same weights, whoever came and went. */
import { expect } from 'vitest';
import { metricsOf, summaryOf, temporaryFolder } from '../support/cluster/cluster.js';
import { coordinatorHere } from '../support/cluster/here.js';

export const RUN = [
  ...['--data', 'digits?train=1000&test=300', '--model', 'mlp:48', '--batch-size', '64', '--shards', '8'],
  ...['--epochs', '3', '--seed', '7', '--optimizer', 'adam', '--checkpoint-every', '5'],
];

export async function undisturbed(workers: number, ...more: string[]) {
  const runDir = await temporaryFolder();
  const count = String(workers);
  const cluster = await coordinatorHere(
    runDir,
    ...RUN,
    '--local-workers',
    count,
    '--min-workers',
    count,
    ...more,
  );
  expect(await cluster.program.ended).toBe(0);
  return { summary: await summaryOf(runDir), metrics: metricsOf(runDir) };
}

let reference: ReturnType<typeof undisturbed> | undefined;
/** The run with one worker, made once. */
export const oneWorker = () => (reference ??= undisturbed(1));

/** What stays of a run is what stays of that one: the same weights and metrics, by shards that count once each. */
export async function expectAsOfOne({ summary, metrics }: Awaited<ReturnType<typeof undisturbed>>) {
  const one = await oneWorker();
  expect(summary.weightsSha256).toBe(one.summary.weightsSha256);
  expect(metrics).toEqual(one.metrics);
  expect(summary.shards.counted).toBe(summary.shards.expected);
}
