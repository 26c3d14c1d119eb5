/** fast-check as the mutation check has it: each property is tried for hundreds of changes, and so on few examples. */
import { createRequire } from 'node:module';

const fc: typeof import('fast-check') = createRequire(import.meta.url)('fast-check');
const MOST_RUNS = 30;

const assert: typeof fc.assert = (property, parameters) =>
  fc.assert(
    property as never,
    {
      ...parameters,
      numRuns: Math.min(parameters?.numRuns ?? MOST_RUNS, MOST_RUNS),
    } as never,
  ) as never;

export default { ...fc, assert };
