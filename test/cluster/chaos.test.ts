/**
 * The promise under fire, on real processes: workers and coordinators are killed with SIGKILL at random
 * instants, some workers are frozen and thawed, and in the end weights, optimizer state and metrics are
 * those of a run that nobody disturbed. `npm run test:nightly` and `npm run chaos` kill many more.
 */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readLatest } from '../../coordinator/record/checkpoint/reader.js';
import { Random } from '../../shared/numerics/random.js';
import {
  coordinator,
  metricsOf,
  type RunningCluster,
  reached,
  statusOf,
  summaryOf,
  swarmgrad,
  temporaryFolder,
} from '../support/cluster/cluster.js';
import { lightWorker } from '../support/cluster/light-worker.js';
import { freshSeed } from '../support/seeds.js';

const WORKER_KILLS = Number(process.env.CHAOS_WORKER_KILLS ?? 6);
const COORDINATOR_KILLS = Number(process.env.CHAOS_COORDINATOR_KILLS ?? 2);
/** Decides victims and pauses; the instant of a kill is the machine's own. */
const SEED = freshSeed('CHAOS_SEED');
const WORKERS = 4;

const RUN = [
  ...['--data', 'digits?train=200&test=40', '--model', 'linear', '--optimizer', 'adam'],
  ...['--schedule', 'constant', '--batch-size', '32', '--shards', '8', '--seed', '3'],
];
const OPERATION = ['--checkpoint-every', '3', '--evaluate-every', '40', '--dead-after', '1'];

async function stateOf(runDir: string) {
  const checkpoint = await readLatest(join(runDir, 'checkpoints'), (text) => {
    throw new Error(text);
  });
  return checkpoint!.sections;
}

/** Three seconds a kill are plenty on a busy machine. */
const TIMEOUT_MS = 300_000 + 3_000 * (WORKER_KILLS + COORDINATOR_KILLS);

describe('a run of real processes under chaos', { timeout: TIMEOUT_MS }, () => {
  it('has the bits of an undisturbed run, whoever was killed, and goes on by itself after each kill', async () => {
    const random = new Random(SEED);
    const runDir = join(await temporaryFolder(), 'run');
    const open = [...RUN, ...OPERATION, '--steps', '1000000'];
    let cluster = await coordinator(runDir, ...open);
    const port = new URL(cluster.url).port;
    let names = 0;
    const start = () => lightWorker(cluster.url, `light ${++names}`);
    const workers = Array.from({ length: WORKERS }, start);
    const everyone = [...workers];
    /** Waits until the run has gone on; it must, by itself. */
    const goesOn = async (of: RunningCluster) => {
      const { step } = await statusOf(of.url);
      return Promise.race([reached(of, step + 1), ...workers.map(({ lives }) => lives)]);
    };
    await goesOn(cluster);
    let [killed, restarted] = [0, 0];
    const resumeMs: number[] = [];
    while (killed < WORKER_KILLS || restarted < COORDINATOR_KILLS) {
      if (killed < WORKER_KILLS) {
        const at = random.below(workers.length);
        workers[at]!.kill();
        killed++;
        workers[at] = start();
        everyone.push(workers[at]!);
        // Frozen for less than it takes to count as dead, or for more.
        if (random.below(5) === 0) workers[(at + 1) % WORKERS]!.freeze(random.between(100, 2500));
        await goesOn(cluster);
      }
      if (restarted * WORKER_KILLS < killed * COORDINATOR_KILLS && restarted < COORDINATOR_KILLS) {
        restarted++;
        cluster.program.child.kill('SIGKILL');
        await cluster.program.ended;
        cluster = await coordinator(runDir, '--resume', '--port', port);
        const began = performance.now();
        const status = await goesOn(cluster);
        expect(status.state).not.toBe('failed');
        resumeMs.push(performance.now() - began);
      }
    }
    cluster.program.child.kill('SIGTERM');
    expect(await cluster.program.ended).toBe(143);
    const stopped = await summaryOf(runDir);
    // The same workers finish what they began: they were told to come back.
    const last = stopped.steps + 10;
    cluster = await coordinator(runDir, '--resume', '--port', port, '--steps', String(last));
    expect(await cluster.program.ended).toBe(0);

    const calmDir = join(await temporaryFolder(), 'run');
    const calm = await coordinator(calmDir, ...RUN, ...OPERATION, '--steps', String(last));
    lightWorker(calm.url, 'alone');
    expect(await calm.program.ended).toBe(0);

    const [wild, quiet] = [await summaryOf(runDir), await summaryOf(calmDir)];
    resumeMs.sort((a, b) => a - b);
    console.log(
      `${killed} workers and ${restarted} coordinators killed in ${last} steps; the run went on ${resumeMs[resumeMs.length >> 1]!.toFixed(0)} ms after a restart (median), ${resumeMs.at(-1)!.toFixed(0)} ms at most`,
    );
    expect(wild.weightsSha256).toBe(quiet.weightsSha256);
    expect(await stateOf(runDir)).toEqual(await stateOf(calmDir));
    expect(metricsOf(runDir)).toEqual(metricsOf(calmDir));
    expect(wild.shards.counted).toBe(8 * last);
    expect(wild.samplesTrained).toBe(quiet.samplesTrained);
    expect(wild.workers.reduce((sum, { samples }) => sum + samples, 0)).toBe(quiet.samplesTrained);
    expect(everyone.some((worker) => worker.said().includes('4412'))).toBe(true);
  });

  it('refuses a second coordinator while the first lives, frozen or not, and lets it in when that one is dead', async () => {
    const runDir = join(await temporaryFolder(), 'run');
    const first = await coordinator(runDir, ...RUN, '--steps', '1000000');
    const owner = `another coordinator (process ${first.program.pid} on `;
    first.program.child.kill('SIGSTOP');
    const second = swarmgrad('coordinator', '--run-dir', runDir, '--resume', '--port', '0');
    expect(await second.ended).toBe(1);
    expect(second.stderr).toContain(owner);
    expect(second.stderr.trim().split('\n')).toHaveLength(1);
    first.program.child.kill('SIGKILL');
    await first.program.ended;
    const third = await coordinator(runDir, '--resume', '--steps', '5');
    lightWorker(third.url, 'light');
    expect(await third.program.ended).toBe(0);
  });

  it('sends no worker away for a time in which the coordinator itself was frozen', async () => {
    const runDir = join(await temporaryFolder(), 'run');
    // Three seconds, since a busy machine lets a worker itself be silent for more than one.
    const cluster = await coordinator(runDir, ...RUN, '--dead-after', '3', '--steps', '1000000');
    for (const name of ['anna', 'ben']) lightWorker(cluster.url, name);
    const { step } = await reached(cluster, 2);
    cluster.program.child.kill('SIGSTOP');
    // Longer than what makes a worker count as dead: the fault itself, which lasts; nothing is waited for.
    await new Promise((resolve) => setTimeout(resolve, 4000));
    cluster.program.child.kill('SIGCONT');
    await reached(cluster, step + 5);
    cluster.program.child.kill('SIGTERM');
    expect(await cluster.program.ended).toBe(143);
    expect(cluster.program.stderr).toContain('anna joined');
    expect(cluster.program.stderr).not.toMatch(/refused|silent/);
  });
});
