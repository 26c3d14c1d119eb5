/**
 * `npm run reference -- first-steps|curves --python PATH --data SPEC --model NAME ...`: runs of our own beside
 * the same training in PyTorch. Never in CI: it needs a Python with torch. Exits with 1 where they disagree.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { COORDINATOR_OPTIONS } from '../../../coordinator/options/options.js';
import { readOptions } from '../../../shared/options/read-options.js';
import { curves } from './curves.js';
import { firstSteps } from './first-steps.js';

const QUESTIONS = { 'first-steps': firstSteps, curves };

const text = { type: 'string' } as const;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ...{ python: text, data: text, model: text, steps: text, epochs: text, lr: text, seed: text },
    ...{ 'batch-size': text, optimizer: text, engine: text, shards: text },
  },
});
const { python, engine = 'auto', 'batch-size': batchSize, ...rest } = values;
const question = QUESTIONS[positionals[0] as keyof typeof QUESTIONS];
if (!question || !python) {
  console.error(
    `usage: npm run reference -- ${Object.keys(QUESTIONS).join('|')} --python PATH --data SPEC ...`,
  );
  process.exit(2);
}
const given = Object.fromEntries(
  Object.entries({ ...rest, batchSize }).filter(([, value]) => value !== undefined),
);
const options = readOptions(COORDINATOR_OPTIONS, given, 'flag');
const folder = await mkdtemp(join(tmpdir(), 'swarmgrad-reference-'));
try {
  const agree = await question({ python, folder, options, engine });
  console.log(agree ? 'they agree' : 'they do NOT agree');
  process.exitCode = agree ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
