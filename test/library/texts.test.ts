/** A run on texts of several lengths, by the command line: its result knows neither how they are padded nor who computed. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { metricsOf, summaryOf, temporaryFolder } from '../support/cluster/cluster.js';
import { coordinatorHere, printedHere } from '../support/cluster/here.js';
import { reviews, reviewsAsCsv } from '../support/files/reviews.js';

const RUN = [
  ...['--model', 'classifier:gru,16', '--batch-size', '32', '--shards', '4', '--epochs', '5', '--seed', '3'],
  ...['--lr', '0.02', '--validation', '0.2'],
];

it('a run on texts learns what "not" does to a word, with the same weights for two lengths of padding, and one worker or three', async () => {
  const folder = await temporaryFolder();
  const file = join(folder, 'reviews.csv');
  const short = reviews(1600, 3).filter(({ text }) => text.split(' ').length <= 9);
  await writeFile(file, reviewsAsCsv(short));
  const data = `${file}?text=text&label=mood`;
  const run = async (name: string, ...options: string[]) => {
    const runDir = join(folder, name);
    const cluster = await coordinatorHere(runDir, '--data', data, ...RUN, ...options);
    expect(await cluster.program.ended, cluster.program.stderr).toBe(0);
    return { runDir, summary: await summaryOf(runDir), metrics: metricsOf(runDir) };
  };
  const one = await run('one', '--local-lanes', '1');
  const three = await run('three', '--max-length', '30', '--local-workers', '3', '--min-workers', '3');
  expect(three.summary.weightsSha256).toBe(one.summary.weightsSha256);
  expect(three.metrics).toEqual(one.metrics);
  expect(one.summary.reproducible.holds).toBe(true);
  expect(one.summary.test?.accuracy).toBeGreaterThan(0.9);

  await printedHere('evaluate', three.runDir, '--data', `csv:${file}`, '--part', 'all');
  const texts = join(folder, 'new.csv');
  await writeFile(texts, 'text\n"the film was superb"\n"a dull and quite unheard-of plot"\n');
  const predicted = await printedHere('predict', one.runDir, texts, '--json');
  expect(predicted.trim().split('\n')).toHaveLength(2);
});
