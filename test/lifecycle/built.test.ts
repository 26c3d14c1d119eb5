/** A run on a set that was built ahead is the run on the data themselves. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { buildData } from '../../cli/tasks/build-data.js';
import { evaluateOn } from '../../cli/tasks/evaluate-on.js';
import { keptWeights } from '../../cli/tasks/kept-weights.js';
import { temporaryFolder } from '../support/cluster/cluster.js';
import { smallRun } from '../support/cluster/small-run.js';

it('a run on a built set has the weights of one on its source, goes on as that one, and is evaluated on either', async () => {
  const spec = 'digits?train=64&test=20';
  const dir = join(await temporaryFolder(), 'built');
  await buildData({ spec, to: dir }, () => undefined);
  const runDir = join(await temporaryFolder(), 'run');
  const run = async (options: Parameters<typeof smallRun>[0]) => {
    const running = await smallRun(options);
    running.work();
    return running.finished;
  };
  const source = await run({ data: spec, epochs: 1, runDir });
  const built = await run({ data: `built:${dir}`, epochs: 1 });
  expect(built.weightsSha256).toBe(source.weightsSha256);
  expect(built.test).toEqual(source.test);
  // The data have moved, and are the same.
  const asItWas = { model: undefined, batchSize: undefined, shards: undefined };
  const resumed = await run({ ...asItWas, data: `built:${dir}`, resume: true, runDir, epochs: 1 });
  expect(resumed.reproducible.holds).toBe(true);
  const { state, weights } = await keptWeights(runDir, 'last');
  const request = { model: state.model, records: state.records, weights, engine: 'eager/cpu' };
  const [one, other] = await Promise.all(
    [spec, `built:${dir}`].map((spec) => evaluateOn({ ...request, spec, part: 'train' })),
  );
  expect(other!.totals).toEqual(one!.totals);
});
