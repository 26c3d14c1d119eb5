/** A real run with one tab: what a step takes, and the weights that come of it. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import type { GivenCoordinatorOptions } from '../../coordinator/options/options.js';
import { startCoordinator } from '../../coordinator/start.js';

export interface TabRun {
  options: GivenCoordinatorOptions;
  /** As the page's address has it. */
  engine: string;
  /** Cores that the tab uses; default: what it starts with. */
  cores?: number;
  /** Steps that are measured, and before. */
  steps: number;
  warmUp: number;
}

/** @returns milliseconds of a step, and the hash of the weights after the last one */
export async function runOfTab(
  chrome: Browser,
  { options, engine, cores, steps, warmUp }: TabRun,
): Promise<{ stepMs: number; hash: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'swarmgrad-bench-'));
  const all = warmUp + steps;
  // The last step is measured; the evaluation after it is not.
  const never = { evaluateEvery: all, checkpointEvery: 0 };
  const runDir = join(folder, 'run');
  const coordinator = await startCoordinator({ ...options, ...never, steps: all, port: 0, runDir });
  const device = await chrome.newContext();
  try {
    // A browser may tell of fewer.
    if (cores) {
      const content = `Object.defineProperty(Navigator.prototype, 'hardwareConcurrency', { get: () => ${cores} })`;
      await device.addInitScript({ content });
    }
    const page = await device.newPage();
    await page.goto(`${coordinator.url}/join?auto=1&engine=${engine}${cores ? `&cores=${cores}` : ''}`);
    await page.locator('[data-testid=my-state][data-phase=contributing]').waitFor({ timeout: 120_000 });
    const { weightsSha256 } = await coordinator.finished;
    const lines = (await readFile(join(runDir, 'metrics.jsonl'), 'utf8')).trim().split('\n');
    const times = lines
      .map((line) => JSON.parse(line))
      .filter(({ type }) => type === 'step')
      .map(({ time }) => time);
    return { stepMs: ((times.at(-1) - times[warmUp - 1]) * 1000) / steps, hash: weightsSha256 };
  } finally {
    await device.close();
    await coordinator.close();
    await rm(folder, { recursive: true, force: true });
  }
}
