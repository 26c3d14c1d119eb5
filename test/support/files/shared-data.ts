import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Folder of the real data sets (MNIST and others), which stands beside the checkout and is not part of
 * it. Tests that need it skip with one clear line where it is absent, and fail in CI, which has it.
 */
export const SHARED_DATA =
  process.env.SWARMGRAD_TEST_DATA ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url));

export function sharedData(name: string): { path: string; absent: boolean } {
  const path = join(SHARED_DATA, name);
  const absent = !existsSync(path);
  if (absent && process.env.CI) throw new Error(`CI must have the data set ${path}`);
  if (absent) console.log(`skipped: tests on ${name} need the data set at ${path} (or SWARMGRAD_TEST_DATA)`);
  return { path, absent };
}
