/** The promise of this project, on real processes: the same weights, whoever came and went. */
import { describe, expect, it } from 'vitest';
import { coordinator, metricsOf, reached, summaryOf, temporaryFolder, worker } from '../support/cluster.js';

const RUN = [
  ...['--data', 'digits?train=1000&test=300', '--model', 'mlp:48', '--batch-size', '64', '--shards', '8'],
  ...['--epochs', '3', '--seed', '7', '--optimizer', 'adam', '--checkpoint-every', '5'],
];

async function undisturbed(workers: number, ...more: string[]) {
  const runDir = await temporaryFolder();
  const count = String(workers);
  const cluster = await coordinator(
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
const oneWorker = () => (reference ??= undisturbed(1));

describe('the weights after a run', { timeout: 240_000 }, () => {
  it.each([2, 3, 5])('are those of one worker, bit for bit, with %i workers', async (workers) => {
    const { summary, metrics } = await undisturbed(workers);
    const one = await oneWorker();
    expect(summary.weightsSha256).toBe(one.summary.weightsSha256);
    expect(metrics).toEqual(one.metrics);
    expect(summary.shards.counted).toBe(summary.shards.expected);
    expect(summary.reproducible.holds).toBe(true);
    expect(summary.workers.reduce((sum, { samples }) => sum + samples, 0)).toBe(3000);
  });

  it.each(['eager/cpu', 'compiled/wasm'])(
    'do not depend on the number of workers with engine %s',
    async (engine) => {
      const [one, three] = await Promise.all(
        [1, 3].map((count) => undisturbed(count, '--engine-class', engine)),
      );
      expect(three!.summary.weightsSha256).toBe(one!.summary.weightsSha256);
      expect(three!.summary.reproducible.why).toMatch(engine);
    },
  );

  it('are the same when workers are killed every few steps and others join', async () => {
    const runDir = await temporaryFolder();
    const cluster = await coordinator(runDir, ...RUN, '--linger');
    const join = (name: string) => worker(cluster.url, '--name', name, '--cache-mb', '0');
    let workers = [join('w1'), join('w2'), join('w3')];
    for (let kill = 1; kill <= 6; kill++) {
      const { step } = await reached(cluster, kill * 5);
      const victim = workers.shift()!;
      victim.child.kill('SIGKILL');
      workers.push(join(`late-${kill}`));
      if (step >= 48) break;
    }
    await cluster.program.line(/^finished after/);
    cluster.program.child.kill('SIGINT');
    await Promise.all(workers.map((program) => program.ended));
    workers = [];
    const summary = await summaryOf(runDir);
    const one = await oneWorker();
    expect(summary.weightsSha256).toBe(one.summary.weightsSha256);
    expect(metricsOf(runDir)).toEqual(one.metrics);
    expect(summary.shards.counted).toBe(summary.shards.expected);
  });

  it('are the same when the coordinator is killed again and again and resumed', async () => {
    const runDir = await temporaryFolder();
    let cluster = await coordinator(runDir, ...RUN, '--local-workers', '2');
    for (const at of [3, 11, 24, 40]) {
      await reached(cluster, at);
      cluster.program.child.kill('SIGKILL');
      await cluster.program.ended;
      cluster = await coordinator(runDir, '--resume');
    }
    expect(await cluster.program.ended).toBe(0);
    const summary = await summaryOf(runDir);
    const one = await oneWorker();
    expect(summary.weightsSha256).toBe(one.summary.weightsSha256);
    expect(metricsOf(runDir)).toEqual(one.metrics);
    expect(summary.shards.counted).toBe(summary.shards.expected);
    expect(summary.shards.expected).toBe(one.summary.shards.expected);
  });

  it('are the same when the run is stopped cleanly and resumed, and nothing is computed twice', async () => {
    const runDir = await temporaryFolder();
    const cluster = await coordinator(runDir, ...RUN, '--local-workers', '2', '--checkpoint-every', '0');
    await reached(cluster, 20);
    cluster.program.child.kill('SIGINT');
    expect(await cluster.program.ended).toBe(130);
    const stopped = await summaryOf(runDir);
    expect(stopped.status).toBe('stopped');
    const resumed = await coordinator(runDir, '--resume');
    expect(await resumed.program.ended).toBe(0);
    const summary = await summaryOf(runDir);
    const one = await oneWorker();
    expect(summary.weightsSha256).toBe(one.summary.weightsSha256);
    expect(metricsOf(runDir)).toEqual(one.metrics);
    expect(summary.workers.reduce((sum, { samples }) => sum + samples, 0)).toBe(3000);
  });
});
