/** A worker process of the step-time bench: TRANSPORT URL PARAMETERS. */
import { WebSocket } from 'ws';
import type { Compute } from '../../engine/compute.js';
import { monotonicClock } from '../../shared/clock.js';
import { addressesOf, dial } from '../../worker/node/socket.js';
import { Session } from '../../worker/session.js';
import { emptyBatches, idleCompute, LIMITS, layoutFor } from '../support/idle-model.js';

/** What the engine says that a sample takes it: all are equally fast, and each gets an equal part of every step. */
const SAMPLE_MS = 0.001;

const [transport, url, parameters] = process.argv.slice(2) as [string, string, string];
const layout = layoutFor(Number(parameters));
if (transport === 'chunks') chunked();
else whole();

/** The product's own session, on an engine that does nothing. */
function chunked(): void {
  const order = new Uint32Array(1 << 20);
  const fail = (error: unknown) => {
    console.error(error);
    process.exit(1);
  };
  const idle = idleCompute();
  const compute: Compute = {
    ...idle,
    async computeNode(shards, into) {
      const sums = await idle.computeNode(shards, into);
      return { ...sums, computeMs: sums.samples * SAMPLE_MS };
    },
  };
  const { socket } = dial(addressesOf(url).swarm, {
    opened: () => session.opened(),
    place: (head) => session.place(head),
    received: (bytes, body) => session.received(bytes, body),
    closed: () => undefined,
  });
  const session = new Session({
    name: 'idle',
    kind: 'node',
    socket,
    clock: monotonicClock,
    prepare: async () => ({
      layout,
      train: emptyBatches,
      test: emptyBatches,
      compute,
      order: () => order,
      limits: LIMITS,
    }),
    fail,
    tell: () => undefined,
  });
}

/** As `ws` is used without further thought: masked, as the protocol asks of clients. */
function whole(): void {
  const gradient = new Float32Array(layout.total);
  const socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: 2 ** 30 });
  socket.on('message', () => {
    gradient[0] = Math.random();
    socket.send(new Uint8Array(gradient.buffer));
  });
}
