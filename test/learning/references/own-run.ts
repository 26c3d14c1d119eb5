/** A run of our own: a coordinator in this process, workers in processes of theirs, and what its metrics tell. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SINGLE_THREADED_GC } from '../../../cli/input/node-flags.js';
import type { GivenCoordinatorOptions } from '../../../coordinator/options/options.js';
import { startCoordinator } from '../../../coordinator/start.js';

const BIN = fileURLToPath(new URL('../../../dist/cli/swarmgrad.js', import.meta.url));

interface MetricsLine {
  type: 'step' | 'evaluation';
  step: number;
  epoch: number;
  loss: number;
  accuracy: number;
  /** Seconds of training so far. */
  time: number;
}

export interface OwnRunOptions {
  options: GivenCoordinatorOptions & { runDir: string };
  workers: number;
  engine: string;
  /** Test accuracy at which to stop. */
  target?: number;
}

export interface OwnRun {
  lines: MetricsLine[];
  /** Engine classes that computed. */
  engines: string[];
}

/** @throws Error if the run fails */
export async function trainOurselves(run: OwnRunOptions): Promise<OwnRun> {
  const { options, workers, engine, target = Number.POSITIVE_INFINITY } = run;
  const running = await startCoordinator({ port: 0, minWorkers: workers, checkpointEvery: 0, ...options });
  running.onEvent((event) => {
    if (event.type === 'evaluation' && event.metric >= target) running.stop().catch(() => undefined);
  });
  const children = Array.from({ length: workers }, () =>
    spawn(
      process.execPath,
      [SINGLE_THREADED_GC, BIN, 'worker', running.url, '--engine', engine, '--cache-mb', '0'],
      {
        stdio: 'ignore',
      },
    ),
  );
  const gone = Promise.all(children.map((child) => once(child, 'close'))).then(() => {
    throw new Error(`the workers are gone: see why by ${BIN} worker ${running.url} --engine ${engine}`);
  });
  gone.catch(() => undefined);
  try {
    const summary = await Promise.race([running.finished, gone]);
    if (summary.status === 'failed') throw new Error(summary.reason);
    const lines = (await readFile(join(running.runDir, 'metrics.jsonl'), 'utf8')).trim().split('\n');
    return {
      lines: lines.map((line) => JSON.parse(line) as MetricsLine),
      engines: [...new Set(summary.workers.map(({ engineClass }) => engineClass))],
    };
  } finally {
    await running.close();
    for (const child of children) child.kill();
  }
}
