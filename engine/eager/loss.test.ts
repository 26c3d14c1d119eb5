/** Loss and metric of samples with a label at each position, against a plain loop in float64. */
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { lossPerSample, metricSum } from './loss.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Mean over the positions of -log softmax(row)[target], for each sample; and the share that is right. */
function plainly(rows: number[][], target: number[], n: number) {
  const positions = target.length / n;
  const [loss, right] = [new Array<number>(n).fill(0), new Array<number>(n).fill(0)];
  for (const [at, row] of rows.entries()) {
    const sample = Math.floor(at / positions);
    const sum = row.reduce((total, value) => total + Math.exp(value), 0);
    loss[sample]! += (Math.log(sum) - row[target[at]!]!) / positions;
    right[sample]! += Number(row.indexOf(Math.max(...row)) === target[at]) / positions;
  }
  return { loss, metric: right.reduce((a, b) => a + b) };
}

const cases = fc
  .record({
    n: fc.integer({ min: 1, max: 5 }),
    t: fc.integer({ min: 1, max: 6 }),
    v: fc.integer({ min: 2, max: 7 }),
  })
  .chain(({ n, t, v }) =>
    fc.record({
      n: fc.constant(n),
      t: fc.constant(t),
      // Multiples of 1/64: float32 holds them exactly, so that equal values are equal here and there.
      rows: fc.array(
        fc
          .array(fc.integer({ min: -256, max: 256 }), { minLength: v, maxLength: v })
          .map((row) => row.map((value) => value / 64)),
        { minLength: n * t, maxLength: n * t },
      ),
      target: fc.array(fc.integer({ min: 0, max: v - 1 }), { minLength: n * t, maxLength: n * t }),
    }),
  );

describe('with a label at each position', () => {
  it.each([true, false])('loss and metric are means over positions (from logits: %s)', (fromLogits) => {
    fc.assert(
      fc.property(cases, ({ n, t, rows, target }) => {
        const expected = plainly(rows, target, n);
        tf.tidy(() => {
          const logits = tf.tensor3d(rows.flat(), [n, t, rows[0]!.length]);
          const inputs = {
            output: fromLogits ? logits : tf.softmax(logits),
            target: tf.tensor2d(target, [n, t], 'int32'),
            fromLogits,
            label: { kind: 'class', classes: rows[0]!.length } as const,
          };
          const loss = lossPerSample(tf, 'categoricalCrossentropy', inputs);
          expect(loss.shape).toEqual([n]);
          for (const [i, value] of loss.dataSync().entries()) expect(value).toBeCloseTo(expected.loss[i]!, 4);
          const { sum, predicted } = metricSum(tf, 'categoricalCrossentropy', inputs);
          expect(sum.dataSync()[0]).toBeCloseTo(expected.metric, 4);
          expect(predicted!.size).toBe(n * t);
        });
      }),
    );
  });
});
