/** A worker's real inbox at the other end of the feed: whatever it misses, it ends with what the coordinator holds. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChangeCode } from '../../../shared/numerics/codec/weights/change-code.js';
import { layoutOf } from '../../../shared/numerics/layout.js';
import { Random } from '../../../shared/numerics/random.js';
import { createKernels } from '../../../shared/numerics/update/kernels/create.js';
import { readFrame } from '../../../shared/protocol/frame.js';
import { WeightsInbox } from '../../../worker/weights/weights-inbox.js';
import { FollowedWeights } from '../../update/version/followed-weights.js';
import { ChangesFeed } from './changes-feed.js';
import { WeightsCopies } from './weights-copies.js';

/** Three chunks, the last of statistics. */
const LAYOUT = layoutOf(
  [
    { name: 'kernel', shape: [300], trainable: true },
    { name: 'variance', shape: [100], trainable: false },
  ],
  150,
);

function setup(copies = new WeightsCopies()) {
  const code = new ChangeCode('delta4', LAYOUT);
  const kernels = createKernels({ capacityFloats: 4 * LAYOUT.total, kind: 'typescript' });
  const random = new Random(7);
  const weights = Float32Array.from({ length: LAYOUT.total }, () => random.between(-1, 1));
  const held = new FollowedWeights(kernels, LAYOUT, weights, code);
  const workers = new Set<ReturnType<typeof join>>();

  function finish(chunk: number) {
    const { start, end } = LAYOUT.range(chunk);
    for (let at = start; at < end; at++) weights[at]! += random.between(-1, 1) / 50;
    held.finishChunk(chunk, weights.subarray(start, end));
    for (const { feed } of workers) feed.pump();
  }
  function step() {
    for (let chunk = 0; chunk < LAYOUT.chunks; chunk++) finish(chunk);
    held.advance();
    for (const { feed } of workers) feed.pump();
  }
  /** A worker that reads when it is told to: what was sent lies where the sender has it until then. */
  function join(from?: number) {
    const sent: { header: Uint8Array; body: Uint8Array; flushed: () => void }[] = [];
    const inbox = new WeightsInbox(LAYOUT, (elements) => new Float32Array(elements), code);
    const seen = { keyframes: 0, again: 0, changed: [] as number[] };
    const sink = {
      sendFrame: (header: Uint8Array, body: Uint8Array, flushed: () => void) =>
        void sent.push({ header, body, flushed }),
      // One frame at a time may wait.
      bufferedBytes: () => (sent.length > 0 ? 2 ** 30 : 0),
    };
    const feed = new ChangesFeed(held, held, copies, sink, {
      keyframe: (isAgain) => {
        seen.keyframes++;
        if (isAgain) seen.again++;
      },
      changed: (version) => void seen.changed.push(version),
    });
    const read = (frames = Number.POSITIVE_INFINITY) => {
      for (let left = frames; left > 0 && sent.length > 0; left--) {
        const { header, body, flushed } = sent.shift()!;
        inbox.add(readFrame(header, body.slice()));
        flushed();
      }
    };
    const worker = { inbox, feed, read, seen };
    workers.add(worker);
    feed.begin(undefined, from);
    return worker;
  }
  return { held, weights, step, finish, join };
}

describe('a worker that is sent changes', () => {
  it('is sent all of what is held first, and then every change, chunk by chunk as they are made', () => {
    const { held, finish, join } = setup();
    const { inbox, read, seen } = join();
    read();
    expect([inbox.version, inbox.weights]).toEqual([0, held.flat()]);
    for (let chunk = 0; chunk < LAYOUT.chunks; chunk++) {
      expect(inbox.version).toBe(0);
      finish(chunk);
      read();
    }
    held.advance();
    expect([inbox.version, inbox.weights]).toEqual([1, held.flat()]);
    expect(seen).toMatchObject({ keyframes: 1, changed: [1] });
  });

  it('goes on by changes where it is seven versions behind, and from all that is held where it is eight', () => {
    for (const [behind, keyframes] of [
      [7, 1],
      [8, 2],
    ] as const) {
      const { held, step, join } = setup();
      const { inbox, read, seen } = join();
      read();
      for (let i = 0; i < behind; i++) step();
      // One frame was sent already when it stopped to read, and is of use to neither.
      read();
      expect([inbox.version, inbox.weights]).toEqual([behind, held.flat()]);
      expect(seen.keyframes).toBe(keyframes);
    }
  });

  it('is known to be too slow where no change can follow what it was sent whole', () => {
    const { step, join } = setup();
    const [slow, swift] = [join(), join()];
    for (let i = 0; i < 2; i++) {
      for (let version = 0; version < 9; version++) {
        step();
        swift.read();
      }
      slow.read(LAYOUT.chunks);
    }
    expect([slow.seen.again, swift.seen.again]).toEqual([2, 0]);
  });

  it('is sent no more than changes where it comes back with a version that is kept', () => {
    const { held, step, join } = setup();
    step();
    const kept = held.flat();
    for (let i = 0; i < 2; i++) step();
    const { inbox, read, seen } = join(2);
    inbox.hold(1, kept);
    read();
    expect(seen).toMatchObject({ keyframes: 0, changed: [2, 3] });
    expect([inbox.version, inbox.weights]).toEqual([3, held.flat()]);
  });

  it('is sent all of what is held where other weights were put in their place', () => {
    const { held, step, join } = setup();
    const { inbox, read, seen, feed } = join();
    step();
    read();
    const shown = new Float32Array(LAYOUT.total).fill(3);
    const own = held.flat();
    held.load(shown, 2);
    feed.pump();
    read();
    expect([inbox.version, inbox.weights, seen.keyframes]).toEqual([2, shown, 2]);
    held.load(own, 1, own);
    expect(held.flat()).toEqual(own);
  });

  it('is told again from the beginning where what it holds is wrong, and heeds no change until then', () => {
    const { held, step, join } = setup();
    const { inbox, read, feed } = join();
    read();
    inbox.weights[7]! += 1;
    step();
    // Two chunks of the change are here, and the last one is under way.
    read(2);
    inbox.distrust();
    feed.begin();
    expect(inbox.version).toBe(-1);
    read();
    expect([inbox.version, inbox.weights]).toEqual([1, held.flat()]);
    step();
    read();
    expect([inbox.version, inbox.weights]).toEqual([2, held.flat()]);
  });

  it('holds, at whatever speed it reads, nothing but what the coordinator held of that version, and the newest in the end', () => {
    const moves = fc.array(fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 12 })), {
      minLength: 1,
      maxLength: 60,
    });
    fc.assert(
      fc.property(moves, (all) => {
        const { held, step, join } = setup();
        const workers = [join(), join(), join()];
        const versions = [held.flat()];
        const expectRight = () => {
          for (const { inbox } of workers)
            if (inbox.version >= 0) expect(inbox.weights).toEqual(versions[inbox.version]);
        };
        for (const [who, frames] of all) {
          if (who === 3) {
            step();
            versions.push(held.flat());
          } else workers[who]!.read(frames);
          expectRight();
        }
        for (const { read, inbox } of workers) {
          read();
          expect(inbox.version).toBe(held.version);
        }
        expectRight();
      }),
      { numRuns: 30 },
    );
  });

  it('shares its copy of what is held with others, and leaves it when it has gone', () => {
    const copies = new WeightsCopies();
    const { held, step, join } = setup(copies);
    const slow = Array.from({ length: 6 }, () => {
      const worker = join();
      step();
      return worker;
    });
    for (const { feed } of slow) feed.end();
    const taken = copies.take({ version: held.version, copy: () => held.flat() });
    expect(taken.version).toBe(held.version);
    taken.done();
  });
});
