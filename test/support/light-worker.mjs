/**
 * A real worker process that is up in a tenth of a second: the product's session over a real socket, on an
 * engine without tensors, whose gradient depends on weights, samples and seed. URL NAME; its token by SWARMGRAD_TOKEN.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicClock } from '../../dist/shared/clock.js';
import { layoutOf } from '../../dist/shared/layout.js';
import { epochOrder, parseShuffle } from '../../dist/shared/permutation.js';
import { mayRetry } from '../../dist/shared/protocol/close-codes.js';
import { NodeComputer } from '../../dist/worker/engine/compute-node.js';
import { Fence } from '../../dist/worker/fence.js';
import { addressesOf, dial } from '../../dist/worker/node/socket.js';
import { Session } from '../../dist/worker/session.js';

/** So that a kill finds a step in the middle, unless a test is in a hurry. */
const SHARD_MS = Number(process.env.SHARD_MS ?? 4);
const RETRY_MS = 100;

const [url, name] = process.argv.slice(2);
const token = process.env.SWARMGRAD_TOKEN || undefined;
const headers = token ? { Authorization: `Bearer ${token}` } : {};
const { http, swarm } = addressesOf(url);
const fence = new Fence();

async function prepare(welcome) {
  fence.admit(welcome);
  const document = async (hash) => (await fetch(`${http}/objects/${hash}`, { headers })).json();
  const [model, train] = await Promise.all([document(welcome.model), document(welcome.train)]);
  const layout = layoutOf(model.weights);
  const { records, recordsPerChunk } = train;
  const shuffle = parseShuffle(welcome.shuffle);
  const assemble = async (indices) => ({ count: indices.length, x: indices, y: indices });
  const range = (from, to) => assemble(Uint32Array.from({ length: to - from }, (_, at) => from + at));
  let weights;
  const engine = {
    async gradient({ count, x }, seed, into) {
      if (SHARD_MS > 0) await sleep(SHARD_MS);
      into.fill(0);
      let loss = 0;
      for (let i = 0; i < count; i++) {
        for (let w = x[i] % 7; w < layout.trainable; w += 7) {
          const value = weights[w] + ((x[i] * 31 + w + (seed % 101)) % 17) / 17 - 0.5;
          into[w] += value;
          loss += value * value;
        }
      }
      return { loss, metric: count / 2 };
    },
  };
  const computer = new NodeComputer(engine);
  return {
    layout,
    train: { assemble },
    test: { range },
    order: (epoch) => epochOrder({ records, recordsPerChunk, seed: welcome.seed, epoch, shuffle }),
    compute: {
      name: 'light',
      engineClass: 'light@1',
      reason: 'computes without tensors',
      allocate: (elements) => new Float32Array(elements),
      async setWeights(values) {
        weights = values.slice();
      },
      computeNode: (shards, into, stop) => computer.compute(shards, into, async () => stop.aborted),
      evaluate: async ({ count }) => ({
        loss: weights.reduce((sum, value) => sum + value, 0),
        metric: count / 2,
      }),
      close: async () => undefined,
    },
  };
}

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
      log: () => undefined,
    });
  });
}

for (;;) {
  const { code, reason } = await connect();
  if (reason) console.error(`${code} ${reason}`);
  if (!mayRetry(code)) break;
  await sleep(RETRY_MS * (0.5 + Math.random()));
}
