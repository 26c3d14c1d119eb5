/**
 * Once before all tests in containers: the image, built from the Dockerfile as it stands, and the hash of the
 * run that nobody disturbs. Without an engine that answers these tests skip with one line; CI must have one.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { getContainerRuntimeClient } from 'testcontainers';
import type { TestProject } from 'vitest/node';
import type { Summary } from '../../coordinator/record/folder/summary.js';
import { buildArguments, IMAGE, ROOT, RUN } from './run.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Of the weights; undefined where no engine answers. */
    undisturbedSha256: string | undefined;
  }
}

export default async function setup({ provide }: TestProject): Promise<void> {
  const why = await getContainerRuntimeClient().then(
    () => undefined,
    (error) => String(error),
  );
  if (why !== undefined) {
    if (process.env.CI) throw new Error(`CI must have a container engine: ${why}`);
    console.log(`skipped: tests in containers need an engine that answers, Docker's for example (${why})`);
    return;
  }
  // By Compose, whose own build, when a test starts all of it, then finds everything done: layers depend on how
  // files are sent.
  const env = { ...process.env, ...buildArguments(), SWARMGRAD_IMAGE: IMAGE };
  await promisify(execFile)('docker', ['compose', 'build', 'coordinator'], {
    ...{ cwd: ROOT, env, maxBuffer: 1 << 26 },
  });
  provide('undisturbedSha256', (await undisturbedRun()).weightsSha256);
}

/** Outside of any container: an image that computes something else must not be its own witness. */
async function undisturbedRun(): Promise<Summary> {
  const runDir = await mkdtemp(join(tmpdir(), 'swarmgrad-test-'));
  try {
    const bin = join(ROOT, 'dist/cli/swarmgrad.js');
    const own = ['--port', '0', '--local-workers', '1', '--run-dir', runDir];
    await promisify(execFile)(process.execPath, [bin, 'coordinator', ...RUN, ...own]);
    return JSON.parse(await readFile(join(runDir, 'summary.json'), 'utf8'));
  } finally {
    await rm(runDir, { recursive: true, force: true });
  }
}
