/**
 * A real worker process that is up in a tenth of a second: the product's session over a real socket, on an
 * engine without tensors, whose gradient depends on weights, samples and seed. URL NAME; its token by SWARMGRAD_TOKEN.
 *
 * @import { Manifest } from '../../../shared/data/manifest.js'
 * @import { ModelDescription } from '../../../shared/models/description.js'
 * @import { Welcome } from '../../../shared/protocol/messages.js'
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { NodeComputer } from '../../../dist/engine/compute-node.js';
import { monotonicClock } from '../../../dist/shared/clock.js';
import { layoutOf } from '../../../dist/shared/numerics/layout.js';
import { epochOrder, parseShuffle } from '../../../dist/shared/numerics/permutation.js';
import { mayRetry } from '../../../dist/shared/protocol/close-codes.js';
import { workLimits } from '../../../dist/worker/data/check-work.js';
import { Fence } from '../../../dist/worker/fence.js';
import { addressesOf, dial } from '../../../dist/worker/node/socket.js';
import { Session } from '../../../dist/worker/session.js';
import { lightMaterial } from '../simulation/light-engine.mjs';

/** So that a kill finds a step in the middle, unless a test is in a hurry. */
const SHARD_MS = Number(process.env.SHARD_MS ?? 4);
const RETRY_MS = 100;

const [url = '', name = ''] = process.argv.slice(2);
const token = process.env.SWARMGRAD_TOKEN || undefined;
const headers = token ? { Authorization: `Bearer ${token}` } : {};
const { http, swarm } = addressesOf(url);
const fence = new Fence();

/** @param {Welcome} welcome */
async function prepare(welcome) {
  fence.admit(welcome);
  /** @param {string} hash */
  const document = async (hash) => (await fetch(`${http}/objects/${hash}`, { headers })).json();
  const model = /** @type {ModelDescription} */ (await document(welcome.model));
  const train = /** @type {Manifest} */ (await document(welcome.train));
  const test = /** @type {Manifest} */ (await document(welcome.test));
  const layout = layoutOf(model.weights);
  const { records, recordsPerChunk } = train;
  const shuffle = parseShuffle(welcome.shuffle);
  /** @param {number} epoch */
  const order = (epoch) => epochOrder({ records, recordsPerChunk, seed: welcome.seed, epoch, shuffle });
  const limits = workLimits({ train, test, shardSamples: welcome.shardSamples, layout });
  return lightMaterial({ layout, order, limits, NodeComputer, shardMs: SHARD_MS });
}

/** @returns {Promise<{ code: number, reason: string }>} */
function connect() {
  return new Promise((resolve) => {
    const connection = dial(swarm, {
      opened: () => session.opened(),
      received: (bytes) => session.received(bytes),
      closed: (code, reason) => {
        session.close();
        resolve({ code, reason });
      },
    });
    const session = new Session({
      name,
      kind: 'node',
      token,
      socket: connection.socket,
      clock: monotonicClock,
      prepare,
      fail: (error) => {
        console.error(error);
        connection.close(4407, 'failed');
      },
      tell: () => undefined,
    });
  });
}

for (;;) {
  const { code, reason } = await connect();
  if (reason) console.error(`${code} ${reason}`);
  if (!mayRetry(code)) break;
  await sleep(RETRY_MS * (0.5 + Math.random()));
}
