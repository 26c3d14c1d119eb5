/** What a coordinator says to a worker that joins, for tests of workers without one. */
import { PROTOCOL_VERSION, type Welcome } from '../../shared/protocol/messages.js';

/** Of everything that a worker would fetch. */
export const HASH = 'a'.repeat(64);

export const WELCOME: Welcome = {
  type: 'welcome',
  protocol: PROTOCOL_VERSION,
  worker: 1,
  run: 'run',
  epoch: 1,
  model: HASH,
  train: HASH,
  test: HASH,
  probe: HASH,
  program: HASH,
  objectBytes: { model: 100, train: 100, test: 100, probe: 100, program: 100 },
  shardSamples: 8,
  seed: 1,
  shuffle: 'full',
  engineClass: 'any',
  heartbeatMs: 1000,
};
