/** Workers in trouble: those that do not read, that hardly send, that leave. The run goes on, and says what it waits for. */
import type { Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { layoutOf } from '../../../shared/numerics/layout.js';
import { CLOSE } from '../../../shared/protocol/close-codes.js';
import { isFrame, readFrame } from '../../../shared/protocol/frame.js';
import type { RunEvent } from '../../../shared/status/events.js';
import { WeightsInbox } from '../../../worker/weights/weights-inbox.js';
import { RawWorker } from '../../support/cluster/raw-worker.js';
import { happened, smallRun } from '../../support/cluster/small-run.js';

const refusal = (event: RunEvent) => event.type === 'worker-refused';

/** Calls `act` again and again until the test is over. */
function again(act: () => void): void {
  const timer = setInterval(act, 50);
  onTestFinished(() => clearInterval(timer));
}

describe('a worker is sent away', () => {
  it('when it sends heartbeats but reads nothing: what waits for it is bounded', async () => {
    // 13 MB of weights, which no socket buffer of a system takes.
    const run = await smallRun({ model: 'mlp:4096', deadAfter: 1 });
    const worker = await RawWorker.connect(run.url);
    await worker.ready();
    worker.ws.pause();
    again(() => worker.send({ type: 'heartbeat' }));
    const event = await happened(run, refusal);
    expect(event.text).toMatch(/raw refused: its socket has taken nothing for \d+ s, \d+ bytes wait/);
    expect(Number(/(\d+) bytes/.exec(event.text)![1])).toBeLessThan(4 << 20);
  });

  it('when it sends a byte now and then: no message ever comes', async () => {
    const run = await smallRun({ deadAfter: 1 });
    const worker = await RawWorker.connect(run.url);
    await worker.ready();
    const socket = (worker.ws as unknown as { _socket: Socket })._socket;
    // The beginning of a frame of 65,535 bytes, and then its body, byte by byte.
    socket.write(Buffer.from([0x82, 0xfe, 0xff, 0xff, 0, 0, 0, 0]));
    again(() => socket.write(Buffer.from([1])));
    expect((await worker.closed).code).toBe(CLOSE.silent.code);
    expect((await happened(run, refusal)).text).toContain('silent for');
  });
});

it('a worker that has not read for several steps finds the chunks of each version in order, and the newest one whole', async () => {
  // 13 MB of weights: most of them wait in the coordinator's process.
  const run = await smallRun({ model: 'mlp:4096', batchSize: 8, shards: 2, deadAfter: 60 });
  const worker = await RawWorker.connect(run.url);
  const layout = layoutOf([{ name: 'weights', shape: [4096 * 785 + 4097 * 10], trainable: true }]);
  const inbox = new WeightsInbox(layout, (elements) => new Float32Array(elements));
  const errors: unknown[] = [];
  const arrived = new Promise<void>((resolve) => {
    worker.ws.on('message', (data) => {
      if (!isFrame(data as Buffer)) return;
      try {
        if (inbox.add(readFrame(data as Buffer)) && inbox.version >= 4) resolve();
      } catch (error) {
        errors.push(error);
        resolve();
      }
    });
  });
  await worker.ready();
  worker.ws.pause();
  run.work();
  await happened(run, ({ type }) => type === 'worker-joined');
  while (run.status().step < 5) await new Promise((resolve) => setTimeout(resolve, 50));
  worker.ws.resume();
  await arrived;
  expect(errors).toEqual([]);
});

describe('a run without workers', () => {
  it('says that it waits when the last one leaves, keeps its state, and goes on with the next', async () => {
    const run = await smallRun();
    const quitter = await RawWorker.connect(run.url);
    await quitter.lease();
    quitter.ws.close();
    await happened(run, ({ text }) => text === 'no worker is left: the run waits for the next one');
    expect(run.status()).toMatchObject({ state: 'waiting', message: 'waiting for workers (0 connected)' });
    run.work();
    const summary = await run.finished;
    expect(summary.status).toBe('finished');
    expect(summary.shards.counted).toBe(summary.shards.expected);
  });

  it('of the least number waits between two steps, and says how many are missing', async () => {
    const run = await smallRun({ minWorkers: 2 });
    run.work('anna');
    await happened(run, ({ type }) => type === 'worker-joined');
    expect(await happened(run, ({ type }) => type === 'waiting')).toMatchObject({
      // Anna may be there before the run first asks.
      text: expect.stringMatching(/^waiting for workers: [01] of 2 are ready(, 1 more try their engines)?$/),
    });
    expect(run.status().state).toBe('waiting');
    run.work('ben');
    expect((await run.finished).status).toBe('finished');
  });
});
