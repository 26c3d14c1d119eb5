/**
 * Some workers of the faults bench in one process: real sockets and sessions, whose engine sleeps in place of
 * computing. URL PARAMETERS COUNT SLOW MICROSECONDS-PER-SAMPLE; SLOW of them are ten times slower.
 *
 * The bench sends `kill`: one of them is cut off at once, as the system does with a dead process, and a new
 * one comes in its place.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { Shard } from '../../engine/engine.js';
import { monotonicClock } from '../../shared/clock.js';
import { addressesOf } from '../../worker/node/socket.js';
import { Session } from '../../worker/session.js';
import { emptyBatches, idleCompute, LIMITS, layoutFor } from './idle-model.js';

const SLOWDOWN = 10;

const [url, ...numbers] = process.argv.slice(2) as [string, ...string[]];
const [parameters, count, slow, sampleMicros] = numbers.map(Number) as [number, number, number, number];
const layout = layoutFor(parameters);
const order = new Uint32Array(1 << 20);

interface Alive {
  kill(): void;
}
const alive: Alive[] = [];
let names = 0;
const samplesOf = (shards: readonly Shard[]) => shards.reduce((sum, { batch }) => sum + batch.count, 0);

/** As fast as the one it replaces. */
function start(slowdown: number): void {
  // Not the product's own `dial`: that one cannot be cut off as the system does with a dead process.
  const ws = new WebSocket(addressesOf(url).swarm, { perMessageDeflate: false });
  let isDead = false;
  const idle = idleCompute();
  const session = new Session({
    name: `sleeper ${process.pid}-${++names}`,
    kind: 'node',
    socket: {
      send: (bytes, flushed) => {
        if (ws.readyState === ws.OPEN) ws.send(bytes, { binary: true }, (error) => error || flushed?.());
      },
      sendFrame: (header, body, flushed) => {
        if (ws.readyState !== ws.OPEN) return;
        ws.send(header, { binary: true, fin: false });
        ws.send(body, { binary: true }, (error) => error || flushed());
      },
      bufferedBytes: () => ws.bufferedAmount,
    },
    clock: monotonicClock,
    prepare: async () => ({
      layout,
      train: emptyBatches,
      test: emptyBatches,
      order: () => order,
      limits: LIMITS,
      compute: {
        ...idle,
        computeNode: async (shards, into, stop) => {
          const begun = performance.now();
          const left = (to: number) =>
            (samplesOf(shards.slice(0, to)) * sampleMicros * slowdown) / 1000 - (performance.now() - begun);
          // Not shard by shard: each timer is late by up to a millisecond.
          await sleep(left(shards.length), undefined, { signal: stop }).catch(() => undefined);
          let done = stop?.aborted ? 1 : shards.length;
          while (done < shards.length && left(done) < 0) done++;
          await sleep(Math.max(0, left(done)));
          return idle.computeNode(shards.slice(0, done), into);
        },
      },
    }),
    fail: (error) => {
      if (!isDead) console.error(error);
    },
    tell: () => undefined,
  });
  const self: Alive = {
    kill() {
      isDead = true;
      alive.splice(alive.indexOf(self), 1);
      session.close();
      ws.terminate();
      start(slowdown);
    },
  };
  ws.on('open', () => {
    alive.push(self);
    session.opened();
  });
  ws.on('message', (data) => {
    if (!isDead) session.received(data as Buffer);
  });
  ws.on('close', (_code, reason) => {
    if (isDead) return;
    isDead = true;
    session.close();
    if (reason.length > 0) console.error(`a worker was sent away: ${reason}`);
  });
  ws.on('error', () => undefined);
}

for (let i = 0; i < count; i++) start(i < slow ? SLOWDOWN : 1);
process.on('message', (message) => {
  if (message === 'kill') alive[Math.floor(Math.random() * alive.length)]?.kill();
});
process.on('disconnect', () => process.exit());
