import { describe, expect, it } from 'vitest';
import { squareOf } from '../../shared/data/confusion.js';
import { createExchange } from '../../shared/numerics/codec/exchange.js';
import { layoutOf } from '../../shared/numerics/layout.js';
import { FRAME_CONTRIBUTION } from '../../shared/protocol/frame.js';
import { StepLedger } from '../scheduling/leases/ledger.js';
import { checkContribution, checkEvaluated, checkFrame } from './contribution-checks.js';
import type { Incoming } from './in-flight.js';

const ANNA = 7;
/** Of step 3: four shards of four samples; a gradient of three numbers, in chunks of two and one. */
const LAYOUT = layoutOf([{ name: 'weights', shape: [3], trainable: true }], 2);

/** Anna holds node 2; her lease of node 6 has ended. */
function setUp() {
  const ledger = new StepLedger(3, [0, 4, 8, 12, 16], LAYOUT.chunks);
  const lease = ledger.lease(2, ANNA, 0);
  ledger.lease(6, ANNA, 0);
  ledger.end(ANNA, 6);
  return { ledger, lease };
}

const nextIs = (nextChunk: number) => ({ nextChunk }) as Incoming;

describe('a contribution', () => {
  const told = (change: { step?: number; node?: number; samples?: number }, incoming?: Incoming) => {
    const { ledger, lease } = setUp();
    const sums = { samples: 8, loss: 1, metric: 0, computeMs: 1, waitMs: 0 };
    const message = { type: 'contribution', step: 3, node: 2, ...sums, ...change } as const;
    const checked = checkContribution(message, ANNA, incoming, ledger);
    return typeof checked === 'object' && 'lease' in checked ? checked.lease === lease : checked;
  };
  const unexpected = (text: string) => ({ reason: 'unexpected', text });

  it('answers the lease of its node', () => {
    expect(told({})).toBe(true);
  });

  it('of a step that is over comes late, of one to come it was never leased', () => {
    expect(told({ step: 2 })).toBe('past');
    expect(told({ step: 4 })).toEqual(unexpected('contribution for step 4, node 2, which was never leased'));
  });

  it('is refused for a node that its worker was not asked for, or that there is not', () => {
    for (const node of [3, 4, 8])
      expect(told({ node, samples: 4 })).toEqual(
        unexpected(`contribution for step 3, node ${node}, which was never leased`),
      );
    expect(told({ step: 2, node: 8 })).toEqual(
      unexpected('contribution for step 2, node 8, which was never leased'),
    );
  });

  it('is refused the second time: while the first one is on its way, and after', () => {
    const second = (node: number) => unexpected(`step 3, node ${node}: a second contribution to one lease`);
    expect(told({}, nextIs(0))).toEqual(second(2));
    expect(told({ node: 6, samples: 4 })).toEqual(second(6));
  });

  it('answers a node that was leased again after its first lease had ended', () => {
    const { ledger } = setUp();
    const again = ledger.lease(6, ANNA, 1);
    const sums = { samples: 4, loss: 1, metric: 0, computeMs: 1, waitMs: 0 };
    const message = { type: 'contribution', step: 3, node: 6, ...sums } as const;
    expect(checkContribution(message, ANNA, undefined, ledger)).toEqual({ lease: again });
  });

  it('is refused with another number of samples than the node has', () => {
    for (const samples of [7, 9])
      expect(told({ samples })).toEqual({
        reason: 'wrongShape',
        text: `step 3, node 2: ${samples} samples told, the node has 8`,
      });
  });
});

describe('a frame', () => {
  interface Sent {
    step?: number;
    node?: number;
    chunk?: number;
    bytes?: number;
    window?: number;
  }
  const sent = (
    { step = 3, node = 2, chunk = 0, bytes = 8, window = 1 }: Sent,
    incoming: Incoming | undefined = nextIs(0),
  ) => {
    const body = new Uint8Array(bytes);
    const frame = { type: FRAME_CONTRIBUTION, step, node, chunk, body } as const;
    const checked = checkFrame(frame, ANNA, incoming, setUp().ledger, LAYOUT, window);
    return typeof checked === 'object' && 'incoming' in checked ? checked.incoming === incoming : checked;
  };
  const untold = (frame: Sent) => {
    const { step = 3, node = 2 } = frame;
    const body = new Uint8Array(8);
    return checkFrame(
      { type: FRAME_CONTRIBUTION, step, node, chunk: 0, body },
      ANNA,
      undefined,
      setUp().ledger,
      LAYOUT,
      1,
    );
  };

  it('is taken as the next chunk of what its worker has told of, the last one as short as it is', () => {
    expect(sent({})).toBe(true);
    expect(sent({ chunk: 1, bytes: 4, window: 2 }, nextIs(1))).toBe(true);
  });

  it('of a step that is over comes late, of one to come it was never leased', () => {
    expect(sent({ step: 2 })).toBe('past');
    expect(sent({ step: 4 })).toEqual({
      reason: 'unexpected',
      text: 'frame for step 4, node 2, which was never leased',
    });
    expect(sent({ node: 8 })).toMatchObject({ text: 'frame for step 3, node 8, which was never leased' });
  });

  it('comes late where its lease has been taken back, and else needs a contribution before it', () => {
    expect(untold({ node: 6 })).toBe('past');
    expect(untold({})).toEqual({
      reason: 'unexpected',
      text: 'step 3, node 2: a frame before its contribution',
    });
    expect(untold({ node: 3 })).toMatchObject({ text: 'frame for step 3, node 3, which was never leased' });
  });

  it('is refused with more or fewer bytes than its chunk has, or of a chunk that there is not', () => {
    const wrong = (chunk: number, bytes: number, expected: number) => ({
      reason: 'wrongShape',
      text: `step 3, node 2, chunk ${chunk}: ${bytes} bytes, expected ${expected}`,
    });
    for (const bytes of [0, 4, 7, 9]) expect(sent({ bytes })).toEqual(wrong(0, bytes, 8));
    expect(sent({ chunk: 1, bytes: 8, window: 2 }, nextIs(1))).toEqual(wrong(1, 8, 4));
    expect(sent({ chunk: 2, bytes: 0, window: 3 }, nextIs(2))).toMatchObject({ reason: 'wrongShape' });
    const even = layoutOf([{ name: 'weights', shape: [4], trainable: true }], 2);
    const beyond = { type: FRAME_CONTRIBUTION, step: 3, node: 2, chunk: 2, body: new Uint8Array(0) } as const;
    expect(checkFrame(beyond, ANNA, nextIs(2), setUp().ledger, even, 3)).toEqual(wrong(2, 0, 0));
  });

  it('is coded where its node is, and has the bytes of that', () => {
    const wide = layoutOf([{ name: 'kernel', shape: [300], trainable: true }]);
    const exchange = createExchange({ code: 'int8', depth: 1 }, 1, wide)!;
    // Node 2 is coded: a scale for each of five blocks, and 300 codes. Node 4 is not.
    const answer = (coding: 'int8' | undefined, bytes: number, node = 2) => {
      const ledger = new StepLedger(3, [0, 4, 8, 12, 16], wide.chunks);
      ledger.lease(node, ANNA, 0);
      const body = new Uint8Array(bytes);
      const frame = { type: FRAME_CONTRIBUTION, step: 3, node, chunk: 0, body } as const;
      const whole = coding ? { ...frame, coding } : frame;
      const checked = checkFrame(whole, ANNA, nextIs(0), ledger, wide, 1, exchange);
      return typeof checked === 'object' && 'text' in checked
        ? `${checked.reason}: ${checked.text}`
        : 'taken';
    };
    expect(answer('int8', 310)).toBe('taken');
    expect(answer('int8', 309)).toBe('wrongShape: step 3, node 2, chunk 0: 309 bytes, expected 310');
    expect(answer(undefined, 1200)).toBe('wrongShape: step 3, node 2: float32 where int8 was expected');
    expect(answer(undefined, 1200, 4)).toBe('taken');
    expect(answer('int8', 310, 4)).toBe('wrongShape: step 3, node 4: int8 where float32 was expected');
  });

  it('is refused out of its turn, and beyond what may be sent', () => {
    const out = (chunk: number, next: number, window: number) => ({
      reason: 'unexpected',
      text: `chunk ${chunk} where chunk ${next} of at most ${window} was expected`,
    });
    expect(sent({ chunk: 1, bytes: 4, window: 2 })).toEqual(out(1, 0, 2));
    expect(sent({ chunk: 0, window: 2 }, nextIs(1))).toEqual(out(0, 1, 2));
    expect(sent({ chunk: 1, bytes: 4, window: 1 }, nextIs(1))).toEqual(out(1, 1, 1));
  });
});

describe('an evaluation part', () => {
  const message = {
    type: 'evaluated',
    version: 1,
    part: 0,
    samples: 2,
    loss: 1,
    metric: 1,
    computeMs: 1,
  } as const;
  const expected = { samples: 2, confusion: squareOf(2), scores: ['top5', 'dice'], curves: 1 };
  const scores = { dice: 1, top5: 2 };
  const textOf = (told: object, asked: object = expected) =>
    checkEvaluated({ ...message, ...told }, asked as typeof expected)?.text;

  it('brings the scores and places that were asked for, and no others', () => {
    expect(textOf({ scores, places: [0, 1024] })).toBeUndefined();
    expect(textOf({ places: [0, 1] })).toMatch(/scores none, expected top5, dice/);
    expect(textOf({ scores: { ...scores, more: 1 }, places: [0, 1] })).toMatch(
      /scores dice, top5, more, expected/,
    );
    expect(textOf({ scores, places: [0] })).toMatch(/1 places on curves, expected 2/);
    expect(textOf({ scores, places: [0, 2048] })).toMatch(/place 2048 on a curve, which there is not/);
    expect(textOf({ scores }, { samples: 2, confusion: squareOf(2) })).toMatch(
      /scores dice, top5, expected none/,
    );
    expect(textOf({ places: [0] }, { samples: 2, confusion: squareOf(2) })).toMatch(
      /1 places on curves, expected 0/,
    );
    expect(textOf({}, { samples: 2, confusion: squareOf(2) })).toBeUndefined();
  });
});
