import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHUNK_ELEMENTS } from '../../shared/numerics/chunk-size.js';
import { layoutOf } from '../../shared/numerics/layout.js';
import { FRAME_CONTRIBUTION, HEADER_BYTES, readFrame } from '../../shared/protocol/frame.js';
import type { Lease } from '../../shared/protocol/messages.js';
import { Uploads } from './uploads.js';

const ELEMENTS = 3 * CHUNK_ELEMENTS + 5;
const LAYOUT = layoutOf([{ name: 'weights', shape: [ELEMENTS], trainable: true }]);
const CHUNKS = LAYOUT.chunks;

/** A socket that keeps what it is given until it is told to flush it. */
function setup() {
  const sent: { step: number; node: number; chunk: number }[] = [];
  const waiting: { parts: Uint8Array[]; copy: Buffer; flushed: () => void }[] = [];
  const released: Float32Array[] = [];
  let buffered = 0;
  const socket = {
    send: () => expect.unreachable('a frame has two parts'),
    sendFrame(header: Uint8Array, body: Uint8Array, flushed: () => void) {
      const { type, step, node, chunk } = readFrame(header, body);
      expect(type).toBe(FRAME_CONTRIBUTION);
      sent.push({ step, node, chunk });
      const parts = [header, body];
      buffered += header.length + body.length;
      waiting.push({ parts, copy: Buffer.concat(parts), flushed });
    },
    bufferedBytes: () => buffered,
  };
  const uploads = new Uploads(LAYOUT, socket, (gradient) => released.push(gradient));
  /** The oldest message leaves. Returns its bytes; they must be those that were handed over. */
  const flush = () => {
    const { parts, copy, flushed } = waiting.shift()!;
    expect(Buffer.concat(parts).equals(copy)).toBe(true);
    buffered -= copy.length;
    flushed();
    // A buffer of its own, so that a view can be aligned.
    return Uint8Array.from(copy);
  };
  const flushAll = () => {
    while (waiting.length > 0) flush();
  };
  return { uploads, sent, waiting, released, flush, flushAll };
}

const lease = (node: number, change: Partial<Lease> = {}): Lease => ({
  type: 'lease',
  step: 0,
  epoch: 0,
  node,
  firstShard: 0,
  bounds: [0, 1],
  fromChunk: 0,
  window: CHUNKS,
  ...change,
});

const gradientOf = (value: number) => Float32Array.from({ length: ELEMENTS }, (_, i) => value + (i % 1000));

/** Which of `all` these are: comparing millions of elements takes long. */
const namesOf = (some: Float32Array[], all: Float32Array[]) => some.map((gradient) => all.indexOf(gradient));

describe('an upload', () => {
  it('sends every chunk of the gradient once, in order, and gives its buffer back', () => {
    const { uploads, released, sent, waiting, flush } = setup();
    const gradient = gradientOf(5);
    uploads.add(lease(2, { step: 9 }), gradient);
    const received = new Float32Array(ELEMENTS);
    while (waiting.length > 0) {
      const message = flush();
      const { chunk, body } = readFrame(message);
      const { start, end } = LAYOUT.range(chunk);
      expect(body.byteLength).toBe(4 * (end - start));
      received.set(new Float32Array(message.buffer, HEADER_BYTES), start);
    }
    expect(sent).toEqual([0, 1, 2, 3].map((chunk) => ({ step: 9, node: 2, chunk })));
    expect(Buffer.from(received.buffer).equals(Buffer.from(gradient.buffer))).toBe(true);
    expect(namesOf(released, [gradient])).toEqual([0]);
  });

  it('that is coded sends what its code makes of each chunk, and says so', () => {
    const { uploads, waiting, flush } = setup();
    const gradient = gradientOf(5);
    uploads.add(lease(2), gradient, (chunk, values) =>
      Uint8Array.of(chunk, values.length & 0xff, values[0]!),
    );
    const received: unknown[] = [];
    while (waiting.length > 0) {
      const { coding, body } = readFrame(flush());
      received.push([coding, ...body]);
    }
    const { chunkElements } = LAYOUT;
    expect(received).toEqual(
      [0, 1, 2, 3].map((chunk) => [
        'int8',
        chunk,
        chunk < 3 ? 0 : 5,
        (5 + ((chunk * chunkElements) % 1000)) & 0xff,
      ]),
    );
  });

  it('begins at the first chunk that is not counted yet', () => {
    const { uploads, sent, flushAll } = setup();
    uploads.add(lease(1, { fromChunk: 2 }), gradientOf(0));
    flushAll();
    expect(sent.map(({ chunk }) => chunk)).toEqual([2, 3]);
  });

  it('stays within the window, and goes on when that opens', () => {
    const { uploads, sent, released, flushAll } = setup();
    uploads.add(lease(1, { step: 1, window: 1 }), gradientOf(0));
    flushAll();
    expect(sent.map(({ chunk }) => chunk)).toEqual([0]);
    // That of another step opens nothing.
    uploads.open(0, 4);
    expect(sent).toHaveLength(1);
    uploads.open(1, 4);
    // The last chunk still waits for the socket: late news of a smaller window does not close it again.
    expect(sent).toHaveLength(3);
    uploads.open(1, 2);
    flushAll();
    expect(sent.map(({ chunk }) => chunk)).toEqual([0, 1, 2, 3]);
    expect(released).toHaveLength(1);
  });

  it('waits while the socket has more than it can take', () => {
    const { uploads, sent, flush } = setup();
    uploads.add(lease(1), gradientOf(0));
    // 2 x 512 KiB with their headers are just above 1 MiB: the next waits until something has left.
    expect(sent).toHaveLength(2);
    uploads.open(0, CHUNKS);
    expect(sent).toHaveLength(2);
    flush();
    expect(sent).toHaveLength(3);
    flush();
    expect(sent).toHaveLength(4);
  });

  it('that is canceled sends no more, and gives its buffer back once what was sent has left', () => {
    const { uploads, sent, released, flush, flushAll } = setup();
    const gradients = [gradientOf(1), gradientOf(2)];
    uploads.add(lease(2, { window: 1 }), gradients[0]!);
    uploads.add(lease(3, { window: 1 }), gradients[1]!);
    uploads.cancel(0, 2);
    uploads.cancel(0, 2);
    uploads.cancel(1, 3);
    expect(released).toEqual([]);
    flush();
    expect(namesOf(released, gradients)).toEqual([0]);
    uploads.open(0, CHUNKS);
    flushAll();
    expect(sent.filter(({ chunk }) => chunk > 0).every(({ node }) => node === 3)).toBe(true);
    expect(namesOf(released, gradients)).toEqual([0, 1]);
  });

  it('of a step that is over is forgotten, and gives its buffer back', () => {
    const { uploads, sent, released, flushAll } = setup();
    const gradients = [1, 2, 3].map(gradientOf);
    for (const [step, gradient] of gradients.entries()) {
      uploads.add(lease(1, { step, window: 0 }), gradient);
    }
    uploads.dropBefore(2);
    expect(namesOf(released, gradients).sort()).toEqual([0, 1]);
    for (const step of [0, 1, 2]) uploads.open(step, CHUNKS);
    flushAll();
    expect(sent).toEqual([0, 1, 2, 3].map((chunk) => ({ step: 2, node: 1, chunk })));
    expect(released).toHaveLength(3);
  });
});

describe('several uploads', () => {
  it('send the lowest chunk first, whichever it belongs to', () => {
    const { uploads, sent, flushAll } = setup();
    uploads.add(lease(4, { window: 2 }), gradientOf(1));
    uploads.add(lease(5, { window: 2 }), gradientOf(2));
    uploads.add(lease(6, { window: 2, fromChunk: 1 }), gradientOf(3));
    uploads.open(0, CHUNKS);
    flushAll();
    // The first two chunks left before the others were there.
    const rest = sent.slice(2).map(({ chunk }) => chunk);
    expect(rest).toEqual([...rest].sort((a, b) => a - b));
    expect(sent).toHaveLength(11);
  });

  it('send each chunk of each exactly once, whatever opens, flushes and drops in between', () => {
    const actions = fc.array(
      fc.record({ kind: fc.constantFrom('add', 'open', 'flush', 'cancel'), pick: fc.nat(20) }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(actions, (script) => {
        const { uploads, sent, waiting, released, flush, flushAll } = setup();
        const shared = new Float32Array(ELEMENTS);
        const canceled = new Set<number>();
        let [nodes, window] = [0, 0];
        for (const { kind, pick } of script) {
          if (kind === 'add') uploads.add(lease(++nodes, { window }), shared);
          if (kind === 'open') uploads.open(0, (window = Math.min(CHUNKS, window + (pick % 3))));
          if (kind === 'flush' && waiting.length > 0) flush();
          if (kind === 'cancel' && nodes > 0) {
            const node = 1 + (pick % nodes);
            canceled.add(node);
            uploads.cancel(0, node);
          }
        }
        uploads.open(0, CHUNKS);
        flushAll();
        for (let node = 1; node <= nodes; node++) {
          const chunks = sent.filter((frame) => frame.node === node).map(({ chunk }) => chunk);
          expect(chunks).toEqual([0, 1, 2, 3].slice(0, canceled.has(node) ? chunks.length : CHUNKS));
        }
        expect(released).toHaveLength(nodes);
      }),
      { numRuns: 30 },
    );
  });
});
