// `npm run chaos`: the chaos tests with many more kills than fit into a check. Figures are printed at the end.
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
execFileSync(process.execPath, [vitest, 'run', 'test/chaos', 'test/cluster/chaos.test.ts'], {
  stdio: 'inherit',
  env: { CHAOS_WORKER_KILLS: '1000', CHAOS_COORDINATOR_KILLS: '200', ...process.env },
});
