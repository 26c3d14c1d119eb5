/** What all tests in containers share: the image, and the run, small and yet long enough to be disturbed. */
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const IMAGE = 'swarmgrad:test';

export const STEPS = 200;
export const BATCH_SIZE = 64;
export const SHARDS = 8;

/** One engine class, the same on every processor: the hash must not depend on who computed what. */
export const RUN = [
  ...['--data', 'digits?train=512&test=64', '--model', 'mlp:16', '--seed', '5'],
  ...['--steps', String(STEPS), '--batch-size', String(BATCH_SIZE), '--shards', String(SHARDS)],
  ...['--evaluate-every', '100', '--checkpoint-every', '20', '--engine-class', 'compiled/wasm'],
];

/** Another base image, where the usual one cannot be pulled; docker-compose.yml reads the same variable. */
export function buildArguments(): Record<string, string> {
  const { NODE_IMAGE } = process.env;
  return NODE_IMAGE === undefined ? {} : { NODE_IMAGE };
}
