/** A step of a run whose gradients travel coded: what comes is decoded before it counts, or its worker is sent away. */
import { describe, expect, it } from 'vitest';
import { createExchange } from '../../../shared/numerics/codec/exchange.js';
import { layoutOf } from '../../../shared/numerics/layout.js';
import { ROOT } from '../../../shared/numerics/tree.js';
import { FRAME_CONTRIBUTION } from '../../../shared/protocol/frame.js';
import { Worker } from '../../scheduling/worker.js';
import { trustAll } from '../../trust/trust.js';
import { Roster } from '../../workers/roster.js';
import { Step } from './step.js';

const layout = layoutOf([
  { name: 'bias', shape: [2], trainable: true },
  { name: 'kernel', shape: [300], trainable: true },
]);
const exchange = createExchange({ code: 'int8', depth: 0 }, 5, layout)!;
const gradient = Float32Array.from({ length: layout.total }, (_, i) => Math.cos(i));

/** What follows from the one frame of a step of one shard. @param change of the body */
function answerTo(change: (body: Uint8Array) => void) {
  const workers = new Roster();
  const worker = new Worker({ id: 1, name: 'anna', kind: 'node' }, 0);
  worker.ready('test', 'test@1');
  worker.synced(0);
  workers.add(worker);
  const batch = { step: 0, epoch: 0, bounds: [0, 4] };
  const step = new Step({ batch, layout, workers, trust: trustAll(), exchange });
  step.handle({ type: 'begin', front: 0, window: 1 }, 0);
  const sums = { samples: 4, loss: 1, metric: 0, computeMs: 1, waitMs: 0 };
  step.handle(
    { type: 'contribution', worker, message: { type: 'contribution', step: 0, node: ROOT, ...sums } },
    0,
  );
  const body = exchange.chunks.encode(0, gradient, exchange.nodes.keys(0, ROOT));
  change(body);
  const frame = { type: FRAME_CONTRIBUTION, step: 0, node: ROOT, chunk: 0, coding: 'int8', body } as const;
  return step.handle({ type: 'frame', worker, frame }, 0);
}

/** Where the scales begin: behind the bias in float32. */
const SCALES = 8;

describe('a coded contribution', () => {
  it('is added as what its code stands for: the bias as it is, the kernel rounded', () => {
    const expected = Float32Array.from(gradient);
    exchange.chunks.roundAll(expected, exchange.nodes.keys(0, ROOT));
    const [effect] = answerTo(() => undefined);
    expect(effect).toMatchObject({ do: 'add', node: ROOT, chunk: 0, counts: true });
    const body = (effect as { body: Uint8Array }).body;
    expect(new Float32Array(body.buffer)).toEqual(expected);
    expect([...expected.subarray(0, 2)]).toEqual([...gradient.subarray(0, 2)]);
    expect(expected).not.toEqual(gradient);
  });

  it.each([
    ['an infinite scale', (body: Uint8Array) => body.set([0x80, 0x7f], SCALES)],
    ['a negative scale', (body: Uint8Array) => body.fill(0xbf, SCALES + 1, SCALES + 2)],
    ['a subnormal scale', (body: Uint8Array) => body.set([1, 0], SCALES + 2)],
    ['a code of -128', (body: Uint8Array) => body.fill(0x80, body.length - 1)],
  ])('with %s ends its worker, and nothing of it counts', (_, change) => {
    const effects = answerTo(change);
    expect(effects).toContainEqual(
      expect.objectContaining({
        do: 'refuse',
        reason: 'malformed',
        text: 'step 0, node 1, chunk 0: a scale or a code that int8 does not have',
      }),
    );
    expect(effects.some((effect) => effect.do === 'add')).toBe(false);
  });

  it('of what is no number is NaN, which is dealt with as in float32', () => {
    const [effect] = answerTo((body) => {
      body.set([0xc0, 0x7f], SCALES);
      body.fill(0, SCALES + 10, SCALES + 10 + 64);
    });
    const values = new Float32Array((effect as { body: Uint8Array }).body.buffer);
    expect(Array.from(values, Number.isNaN)).toEqual(Array.from(values, (_, i) => i >= 2 && i < 66));
  });
});
