/** A WebSocket over a real socket, whose far end says byte for byte what the test tells it to. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { HEADER_BYTES } from '../shared/protocol/frame.js';
import { frame } from './fixtures/frames.js';
import { FrameSocket, type FrameSocketEvents } from './frame-socket.js';
import { readInPlace } from './read-in-place.js';

const MASK = Uint8Array.of(1, 2, 3, 4);
const CLOSED = Uint8Array.of(0x0f, 0xa1);

const UNPLACED = {
  read: () => undefined,
  room: () => undefined,
  isBetween: () => false,
  filled: () => expect.unreachable(),
};

/** A connected pair of sockets of Node. */
async function pair(): Promise<{ near: Socket; far: Socket }> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as { port: number };
  const far = connect(address.port, '127.0.0.1');
  const [near] = (await once(server, 'connection')) as [Socket];
  onTestFinished(() => {
    far.destroy();
    near.destroy();
    server.close();
  });
  return { near, far };
}

/** A server's WebSocket, and the bare socket of its client. */
async function setup(events: Partial<FrameSocketEvents> = {}, closeTimeoutMs = 60_000) {
  const { near, far } = await pair();
  const own = new FrameSocket(near, { isServer: true, maxMessageBytes: 1000, closeTimeoutMs });
  const told: string[] = [];
  const closed = new Promise<void>((resolve) => {
    own.listen({
      received: (message, isBinary) => told.push(`${isBinary ? 'message' : 'text'} ${message}`),
      broken: ({ code }) => told.push(`broken ${code}`),
      ...events,
      closed(code, reason) {
        told.push(`closed ${code} ${reason}`);
        resolve();
      },
    });
  });
  let heard = Buffer.alloc(0);
  far.on('data', (bytes) => {
    heard = Buffer.concat([heard, bytes]);
  });
  /** Waits until the far end has heard exactly these bytes since the last call. */
  const hears = async (expected: Uint8Array) => {
    while (heard.length < expected.length && !far.readableEnded) await once(far, 'data');
    expect(heard.subarray(0, expected.length)).toEqual(Buffer.from(expected));
    heard = heard.subarray(expected.length);
  };
  return { own, near, far, told, closed, hears };
}

const says = (opcode: number, payload: Uint8Array) => frame({ opcode, payload, mask: MASK });

describe('a WebSocket of our own', () => {
  it('sends a message of two parts as one frame, and says when both have left', async () => {
    const { own, hears } = await setup();
    const head = new Uint8Array(HEADER_BYTES).fill(1);
    const body = new Uint8Array(200).fill(2);
    await new Promise<void>((resolve) => own.send(head, body, resolve));
    await hears(frame({ opcode: 2, payload: Buffer.concat([head, body]) }));
    expect(own.bufferedBytes()).toBe(0);
  });

  it('sends what one turn has to say in one piece', async () => {
    const { own, far } = await setup();
    for (let i = 0; i < 5; i++) own.send(Uint8Array.of(i), undefined);
    const [bytes] = (await once(far, 'data')) as [Buffer];
    expect(bytes).toHaveLength(5 * 3);
  });

  it('masks with zeros as a client', async () => {
    const { near, far } = await pair();
    const own = new FrameSocket(near, { isServer: false, maxMessageBytes: 1000, closeTimeoutMs: 1000 });
    own.listen({ received: () => undefined, closed: () => undefined });
    own.send(Uint8Array.of(9), undefined);
    const [bytes] = (await once(far, 'data')) as [Buffer];
    expect(bytes).toEqual(frame({ opcode: 2, payload: Uint8Array.of(9), mask: new Uint8Array(4) }));
  });

  it('leaves a body with the far end until its place is named, and then reads on', async () => {
    let held: () => void;
    const isHeld = new Promise<void>((resolve) => {
      held = resolve;
    });
    let read = 0;
    const { own, far, told } = await setup({
      place(head) {
        if (head[0] !== 1) return undefined;
        held();
        return 'later';
      },
      received: (message, _isBinary, body) => {
        told.push(`${message.length} ${body?.length}`);
        if (message[0] === 2) wholeRead();
      },
    });
    let wholeRead: () => void;
    const all = new Promise<void>((resolve) => {
      wholeRead = resolve;
    });
    own.watch((bytes) => {
      read += bytes;
    });
    far.write(says(2, new Uint8Array(HEADER_BYTES + 900).fill(1)));
    for (let i = 0; i < 300; i++) far.write(says(2, new Uint8Array(900)));
    far.write(says(2, new Uint8Array(20).fill(2)));
    await isHeld;
    // It would be read by then.
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual([]);
    expect(read).toBeLessThanOrEqual(4 << 10);
    own.named(new Uint8Array(900));
    await all;
    expect(told[0]).toBe(`${HEADER_BYTES} 900`);
    expect(told).toHaveLength(302);
  });

  it('answers a ping with what it carried', async () => {
    const { far, hears } = await setup();
    far.write(says(9, Uint8Array.of(5, 6)));
    await hears(frame({ opcode: 10, payload: Uint8Array.of(5, 6) }));
  });

  it('answers a close with the same code, and ends', async () => {
    const { far, told, closed, hears } = await setup();
    far.write(says(8, Buffer.concat([CLOSED, Buffer.from('enough')])));
    await hears(frame({ opcode: 8, payload: Buffer.concat([CLOSED, Buffer.from('enough')]) }));
    far.end();
    await closed;
    expect(told).toEqual(['closed 4001 enough']);
  });

  it('waits for the answer to its own close, and reads what comes before that', async () => {
    const { own, far, told, closed, hears } = await setup();
    own.close(4001, '');
    expect(own.isOpen()).toBe(false);
    await hears(frame({ opcode: 8, payload: CLOSED }));
    far.write(says(2, Uint8Array.of(7)));
    far.end(says(8, CLOSED));
    await closed;
    expect(told).toEqual(['message 7', 'closed 4001 ']);
  });

  it('tells the last word of the far end as it is heard, and closes the line though the far end never does', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const { near, far, told, closed } = await setup();
    far.allowHalfOpen = true;
    far.write(says(8, CLOSED));
    await closed;
    expect(told).toEqual(['closed 4001 ']);
    await once(far, 'end');
    expect(near.destroyed).toBe(false);
    await vi.advanceTimersByTimeAsync(2000);
    expect(near.destroyed).toBe(true);
    expect(told).toHaveLength(1);
  });

  it('cuts off who does not answer its close', async () => {
    const { own, told, closed } = await setup({}, 1);
    own.close(4001, '');
    await closed;
    expect(told).toEqual(['closed 1006 ']);
  });

  it.each([
    ['a frame without a mask', frame({ opcode: 2, payload: Uint8Array.of(1) }), 1002],
    ['a message that is too long', frame({ opcode: 2, payload: new Uint8Array(1001), mask: MASK }), 1009],
    ['a text that is no UTF-8', says(1, Uint8Array.of(0x80)), 1007],
  ])('tells %s its close code, and reads nothing that follows', async (_what, wrong, code) => {
    const { far, told, closed } = await setup();
    let heard = Buffer.alloc(0);
    far.on('data', (bytes) => {
      heard = Buffer.concat([heard, bytes]);
    });
    far.write(Buffer.concat([wrong, says(2, Uint8Array.of(1))]));
    await once(far, 'end');
    expect([heard[0], heard.readUInt16BE(2)]).toEqual([0x88, code]);
    far.end();
    await closed;
    expect(told).toEqual([`broken ${code}`, 'closed 1006 ']);
  });

  it('lets who hears of a violation close it with a code of its own', async () => {
    const { own, far, hears } = await setup({ broken: () => own.close(4001, '') });
    far.write(frame({ opcode: 2, payload: Uint8Array.of(1) }));
    await hears(frame({ opcode: 8, payload: CLOSED }));
    await once(far, 'end');
  });

  it('is told closed when the line is cut, and sends nothing any more', async () => {
    const { own, far, told, closed } = await setup();
    far.resetAndDestroy();
    await closed;
    own.send(Uint8Array.of(1), undefined, () => expect.unreachable());
    own.close(4001, '');
    expect(told).toEqual(['closed 1006 ']);
  });

  it('tells a watcher of bytes that are no message yet', async () => {
    const { own, far } = await setup();
    const watched = new Promise<number>((resolve) => own.watch(resolve));
    far.write(says(2, new Uint8Array(900)).subarray(0, 20));
    expect(await watched).toBe(20);
  });
});

describe('reading in place', () => {
  it('is what this version of Node can do: all reads of a socket lie in one piece of memory', async () => {
    const { near, far } = await pair();
    const places: number[] = [];
    let heard = 0;
    const all = new Promise<void>((resolve) => {
      const read = (bytes: Buffer) => {
        places.push(bytes.byteOffset);
        heard += bytes.length;
        if (heard === 300_000) resolve();
      };
      expect(readInPlace(near, { ...UNPLACED, read })).toBe(true);
    });
    near.resume();
    far.write(new Uint8Array(300_000));
    await all;
    expect(new Set(places).size).toBe(1);
  });

  it('reads to where the bytes belong once that is known, and then on as before', async () => {
    const { near, far } = await pair();
    const place = new Uint8Array(200_000);
    const sent = Uint8Array.from({ length: 300_000 }, (_, i) => (7 * i) >> 3);
    let filled = 0;
    const unplaced: Buffer[] = [];
    const all = new Promise<void>((resolve) => {
      const check = () => {
        if (filled + Buffer.concat(unplaced).length === sent.length) resolve();
      };
      readInPlace(near, {
        read(bytes) {
          if (unplaced.push(Buffer.from(bytes)) === 1) far.write(sent.subarray(bytes.length));
          check();
        },
        room: () => (filled < place.length ? place.subarray(filled) : undefined),
        isBetween: () => filled === place.length,
        filled(bytes) {
          filled += bytes;
          check();
        },
      });
    });
    near.resume();
    far.write(sent.subarray(0, 100));
    await all;
    const [first, ...later] = unplaced;
    expect(Buffer.concat([first!, place, ...later])).toEqual(Buffer.from(sent));
  });

  it('leaves a socket as it is that is read in another way, or has ended', async () => {
    const { near } = await pair();
    expect(readInPlace(near, UNPLACED)).toBe(true);
    expect(readInPlace(near, UNPLACED)).toBe(false);
    near.destroy();
    expect(readInPlace(near, UNPLACED)).toBe(false);
  });
});
