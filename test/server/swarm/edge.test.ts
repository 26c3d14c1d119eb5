/** What a connection may send is decided by what the coordinator has asked it for, before anything is built of it. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { CLOSE } from '../../../shared/protocol/close-codes.js';
import { encode } from '../../../shared/protocol/codec.js';
import { evaluatedBytes } from '../../../shared/protocol/sizes.js';
import { edge } from '../../support/cluster/edge.js';
import { RawWorker } from '../../support/cluster/raw-worker.js';

const evaluated = (cells: number, more: Record<string, unknown> = {}) => ({
  type: 'evaluated',
  version: 0,
  part: 0,
  samples: 1,
  loss: 1,
  metric: 1,
  confusion: Array(cells).fill(70_000),
  computeMs: 1,
  ...more,
});

describe('a long message', () => {
  it('is taken from whoever holds a part of an evaluation, as long as the classes of the run make it', async () => {
    const { url, core } = await edge({ confusionCells: 60 * 60 });
    const worker = await RawWorker.connect(url);
    worker.join();
    await worker.next('welcome');
    const [holder] = core.swarm.workers();
    const takeBack = () => holder!.cancel({ kind: 'part', step: 0, index: 0, samples: 1, since: 0 });
    holder!.state = 'idle';
    takeBack();
    worker.send(evaluated(60 * 60));
    // It is heard in order: the second join tells that the first was taken.
    worker.send({ type: 'join' });
    expect(await worker.closed).toMatchObject({ code: CLOSE.malformed.code });

    const liar = await RawWorker.connect(url);
    liar.join();
    await liar.next('welcome');
    const another = core.swarm.workers()[0]!;
    another.cancel({ kind: 'part', step: 0, index: 0, samples: 1, since: 0 });
    liar.send(evaluated(100 * 100));
    expect(await liar.closed).toMatchObject({ code: CLOSE.unexpected.code });
  });

  it('of any worker is shorter than what travels at all', () => {
    expect(encode(evaluated(60 * 60) as never).length).toBeLessThanOrEqual(evaluatedBytes(60 * 60));
  });
});

describe('what is no message', () => {
  const joined = async () => {
    const { url, counts } = await edge({ now: () => 0 });
    const worker = await RawWorker.connect(url);
    worker.join();
    await worker.next('welcome');
    return { worker, counts };
  };

  it('is bounded as pings are: pongs that nobody asked for', async () => {
    const { worker, counts } = await joined();
    const { _socket: socket } = worker.ws as unknown as { _socket: Socket };
    // Without a payload, masked by zeros.
    socket.write(Buffer.concat(Array(300_000).fill(Buffer.from([0x8a, 0x80, 0, 0, 0, 0]))));
    expect(await worker.closed).toMatchObject({ code: CLOSE.tooManyBytes.code });
    expect(counts.closed.get('tooManyBytes')).toBe(1);
  });

  it('is bounded by its bytes: fragments that carry nothing, of messages that are short', async () => {
    const { worker } = await joined();
    // Opcode and length; the mask is of zeros.
    const fragment = (opcode: number, body = Buffer.alloc(0)) =>
      Buffer.concat([Buffer.from([opcode, 0x80 | body.length, 0, 0, 0, 0]), body]);
    const heartbeat = Buffer.concat([
      fragment(0x02),
      Buffer.concat(Array(15_000).fill(fragment(0x00))),
      fragment(0x80, Buffer.from(encode({ type: 'heartbeat' }))),
    ]);
    const { _socket: socket } = worker.ws as unknown as { _socket: Socket };
    for (let sent = 0; sent < 20; sent++) socket.write(heartbeat);
    expect(await worker.closed).toMatchObject({ code: CLOSE.tooManyBytes.code });
  });
});

it('pings are messages too: a flood of them ends the connection', async () => {
  const { url, counts } = await edge({ now: () => 0 });
  const worker = await RawWorker.connect(url);
  worker.join();
  await worker.next('welcome');
  let isOver = false;
  const over = worker.closed.then(() => {
    isOver = true;
  });
  // One after the other: that pongs are read as well is a bound of its own.
  while (!isOver) {
    worker.ws.ping('x'.repeat(125));
    await Promise.race([once(worker.ws, 'pong'), over]);
  }
  expect(await worker.closed).toMatchObject({ code: CLOSE.tooManyBytes.code });
  expect(counts.closed.get('tooManyBytes')).toBe(1);
});
