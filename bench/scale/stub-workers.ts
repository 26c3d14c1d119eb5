/**
 * Some workers of the bench with sockets in one process: URL TOKEN PARAMETERS COUNT SHARD-MS. The product's sessions on
 * its sockets; their engine sleeps in place of computing.
 *
 * Told to `freeze`, they finish nothing any more, and tell what they hold: so it is known what dies with the process.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicClock } from '../../shared/clock.js';
import { decodeCoordinatorMessage } from '../../shared/protocol/codec.js';
import { isFrame, readHeader } from '../../shared/protocol/frame.js';
import type { Lease } from '../../shared/protocol/messages.js';
import { addressesOf, dial } from '../../worker/node/socket.js';
import { Session } from '../../worker/session.js';
import { emptyBatches, idleCompute, LIMITS, layoutFor } from '../support/idle-model.js';

/** A lease that has come, and when: milliseconds since 1970, which all processes of a machine count alike. */
export interface Leased {
  step: number;
  node: number;
  at: number;
}

/** What this process tells the bench, one of these at a time. */
export interface Told {
  /** The first lease of a step has come. */
  began?: { step: number; at: number };
  /** All of its workers have had a lease. */
  complete?: true;
  /** A connection has ended: why. */
  closed?: string;
  /** The leases that are not answered. */
  frozen?: Leased[];
  /** Those of the last steps, answered or not. */
  leases?: Leased[];
}

const STEPS_KEPT = 3;
const RETRY_MS = 1000;

const [url, token, ...numbers] = process.argv.slice(2) as [string, string, ...string[]];
const [parameters, count, shardMs] = numbers.map(Number) as [number, number, number];
const layout = layoutFor(parameters);
const order = new Uint32Array(1 << 20);
const tell = (told: Told) => void process.send!(told);

let step = -1;
let leases: Leased[] = [];
/** Of those that are not answered. */
const open = new Map<string, Leased>();
/** Workers that have had a lease. */
const busy = new Set<number>();
let isFrozen = false;
const keyOf = (lease: { step: number; node: number }, who: number) => `${who}:${lease.step}:${lease.node}`;

function leased(lease: Lease, who: number): void {
  const one = { step: lease.step, node: lease.node, at: Date.now() };
  if (lease.step > step) {
    step = lease.step;
    leases = leases.filter((old) => old.step > step - STEPS_KEPT);
    tell({ began: { step, at: one.at } });
  }
  leases.push(one);
  if (busy.size < count && busy.add(who).size === count) tell({ complete: true });
  open.set(keyOf(lease, who), one);
}

function start(who: number): void {
  let isOpen = false;
  const idle = idleCompute();
  const { socket, close } = dial(
    addressesOf(url).swarm,
    {
      opened() {
        isOpen = true;
        session.opened();
      },
      place: (head) => session.place(head),
      received(bytes, body) {
        if (!body && !isFrame(bytes)) {
          const message = decodeCoordinatorMessage(bytes);
          if (message.type === 'lease') leased(message, who);
        }
        session.received(bytes, body);
      },
      closed(code, reason) {
        session.close();
        if (isOpen || reason.startsWith('answer')) tell({ closed: `${code} ${reason}` });
        // A machine that is busy with other things has not answered in time: the product's workers try again too.
        else setTimeout(() => start(who), RETRY_MS);
      },
    },
    { token },
  );
  const session = new Session({
    ...{ name: `stub ${process.pid}-${who}`, kind: 'node', token, clock: monotonicClock },
    socket: {
      ...socket,
      sendFrame(header, body, flushed) {
        const { step, node } = readHeader(header);
        socket.sendFrame(header, body, () => {
          if (!isFrozen) open.delete(keyOf({ step, node }, who));
          flushed();
        });
      },
    },
    prepare: async () => ({
      ...{ layout, train: emptyBatches, test: emptyBatches, order: () => order, limits: LIMITS },
      compute: {
        ...idle,
        computeNode: async (shards, into, stop) => {
          await sleep(shardMs * shards.length, undefined, { signal: stop }).catch(() => undefined);
          if (isFrozen) await new Promise(() => undefined);
          return idle.computeNode(stop?.aborted ? shards.slice(0, 1) : shards, into);
        },
      },
    }),
    fail: (error) => close(4000, String(error)),
    tell: () => undefined,
  });
}

process.on('message', (message) => {
  if (message === 'leases') return tell({ leases });
  isFrozen = true;
  tell({ frozen: [...open.values()] });
});
process.on('disconnect', () => process.exit());
for (let who = 0; who < count; who++) start(who);
