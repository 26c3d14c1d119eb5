// Runs vitest with more in its environment; for the campaigns that are longer than a check.
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const program = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');

/** @throws if a test fails; what it says is on the terminal then */
export function vitest(args, env = {}) {
  execFileSync(process.execPath, [program, 'run', ...args], {
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
}
