/** Our reader of frames beside the one of the package `ws`: the same bytes, cut anywhere, must mean the same to both. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HEADER_BYTES } from '../shared/protocol/frame.js';
import { freshSeed } from '../test/support/seeds.js';
import { heardByLibrary, heardByUs, pushPlaced } from './fixtures/both-readers.js';
import { frame } from './fixtures/frames.js';
import { streamOf } from './fixtures/streams.js';
import { FrameReader } from './frame-reader.js';

const MAX_BYTES = 70_000;
/** A tenth of the messages of a fuzz test: `npm run fuzz` reads a million frames. */
const FRAMES = Number(process.env.FUZZ_FRAMES ?? 100_000) / 10;
const PUSHED = { isPlaced: false, isHeld: false };
const FEEDINGS = [PUSHED, { isPlaced: true, isHeld: false }, { isPlaced: true, isHeld: true }];
const SEED = freshSeed('FUZZ_SEED');

describe('the reader of frames', () => {
  it(
    `means by ${FRAMES} frames, right and wrong, masked or not, cut anywhere, what ws means by them`,
    async () => {
      let frames = 0;
      for (let seed = SEED; frames < FRAMES; seed++) {
        const stream = streamOf(seed, MAX_BYTES);
        frames += stream.frames;
        const theirs = await heardByLibrary(stream, MAX_BYTES);
        for (const feeding of FEEDINGS)
          expect(heardByUs(stream, MAX_BYTES, feeding), `FUZZ_SEED=${seed}`).toEqual(theirs);
      }
    },
    300_000 + 2 * FRAMES,
  );

  it.each([
    ['in two bytes that would fit into one', [0x82, 126, 0, 125]],
    ['in eight bytes that would fit into two', [0x82, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff]],
    ['with its highest bit set', [0x82, 127, 0x80, 0, 0, 0, 0, 1, 0, 0]],
  ])('refuses a length %s, which ws lets pass', (_which, bytes) => {
    const told = heardByUs({ parts: [Uint8Array.from(bytes)], isServer: false }, MAX_BYTES, PUSHED);
    expect(told).toEqual(['violation 1002']);
  });

  it('writes a body where its head tells to, and a message that is longer than that nowhere else', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: HEADER_BYTES, maxLength: 300 }),
        fc.nat(300),
        fc.array(fc.integer({ min: 1, max: 40 })),
        fc.option(fc.uint8Array({ minLength: 4, maxLength: 4 }), { nil: undefined }),
        fc.boolean(),
        (payload, room, cuts, mask, isPlaced) => {
          const memory = new Uint8Array(room + 8).fill(7);
          const place = memory.subarray(3, 3 + room);
          const heard: { message: Uint8Array; body: Uint8Array | undefined }[] = [];
          const reader = new FrameReader(
            { isServer: mask !== undefined, maxMessageBytes: 1000 },
            {
              place(head) {
                expect(head).toEqual(payload.subarray(0, HEADER_BYTES));
                return place;
              },
              message: (message, _isBinary, body) => heard.push({ message: message.slice(), body }),
              ping: () => expect.unreachable(),
              close: () => expect.unreachable(),
              violation: ({ text }) => expect.unreachable(text),
            },
          );
          const bytes = frame({ opcode: 2, payload, mask });
          let at = 0;
          const push = (part: Uint8Array) => (isPlaced ? pushPlaced(reader, part) : reader.push(part));
          for (const cut of cuts) push(bytes.subarray(at, (at += cut)));
          push(bytes.subarray(at));
          const [{ message, body }] = heard as [(typeof heard)[0]];
          const rest = payload.subarray(HEADER_BYTES);
          if (rest.length <= room) {
            expect(message).toEqual(payload.subarray(0, HEADER_BYTES));
            expect(body).toEqual(rest);
            expect(body!.byteOffset).toBe(place.byteOffset);
          } else {
            expect(message).toEqual(payload);
            expect(body).toBeUndefined();
          }
          for (const outside of [...memory.subarray(0, 3), ...memory.subarray(3 + room)])
            expect(outside).toBe(7);
        },
      ),
    );
  });

  it('reads nothing of a body whose place is to be named, and all of it there once it is', () => {
    const told: string[] = [];
    const reader = new FrameReader(
      { isServer: false, maxMessageBytes: 1000 },
      {
        place: () => 'later',
        message: (message, _isBinary, body) => told.push(`${message.length} ${body}`),
        ping: () => expect.unreachable(),
        close: () => expect.unreachable(),
        violation: ({ text }) => expect.unreachable(text),
      },
    );
    const payload = Uint8Array.from({ length: HEADER_BYTES + 3 }, (_, i) => i);
    const bytes = frame({ opcode: 2, payload });
    reader.push(Buffer.concat([bytes.subarray(0, -1)]));
    expect([reader.isHeld, reader.isBetween, reader.room(1)]).toEqual([true, true, undefined]);
    reader.push(Buffer.concat([bytes.subarray(-1), frame({ opcode: 2, payload: Uint8Array.of(1) })]));
    expect(told).toEqual([]);
    const place = new Uint8Array(3);
    reader.named(place);
    expect(told).toEqual([`${HEADER_BYTES} ${[16, 17, 18]}`, '1 undefined']);
    expect(place).toEqual(payload.subarray(HEADER_BYTES));
  });

  it('hears nothing after a close, nor after a violation', () => {
    const close = frame({ opcode: 8, payload: Uint8Array.of(0x0f, 0xa0) });
    const wrong = frame({ opcode: 3, payload: new Uint8Array() });
    const message = frame({ opcode: 2, payload: Uint8Array.of(1) });
    for (const [last, told] of [
      [close, 'close 4000 '],
      [wrong, 'violation 1002'],
    ] as const) {
      const parts = [message, last, message];
      expect(heardByUs({ parts, isServer: false }, MAX_BYTES, PUSHED)).toEqual(['message 01', told]);
    }
  });
});
