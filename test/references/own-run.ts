/** A run of our own, by the built command line with local workers, and what its metrics tell. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Summary } from '../../coordinator/record/summary.js';
import type { GivenCoordinatorOptions } from '../../shared/options.js';
import { flagOf } from '../../shared/read-options.js';

const BIN = fileURLToPath(new URL('../../dist/cli/swarmgrad.js', import.meta.url));

interface MetricsLine {
  type: 'step' | 'evaluation';
  step: number;
  epoch: number;
  loss: number;
  accuracy: number;
  /** Seconds of training so far. */
  time: number;
}

export interface OwnRun {
  lines: MetricsLine[];
  /** Engine classes that computed. */
  engines: string[];
}

/** @throws Error if the run fails */
export async function trainOurselves(options: GivenCoordinatorOptions & { runDir: string }): Promise<OwnRun> {
  const flags = Object.entries({ port: 0, quiet: true, ...options }).flatMap(([name, value]) =>
    typeof value === 'boolean' ? (value ? [flagOf(name)] : []) : [flagOf(name), String(value)],
  );
  const child = spawn(process.execPath, [BIN, 'coordinator', ...flags], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`the run ended with ${code}: see above`);
  const read = (name: string) => readFile(join(options.runDir, name), 'utf8');
  const lines = (await read('metrics.jsonl')).trim().split('\n');
  const summary = JSON.parse(await read('summary.json')) as Summary;
  return {
    lines: lines.map((line) => JSON.parse(line) as MetricsLine),
    engines: [...new Set(summary.workers.map(({ engineClass }) => engineClass))],
  };
}
