import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { areaUnder, countPlaces, curvesOf } from '../../shared/data/roc.js';
import { scoresOf, scoring } from './scores.js';

beforeAll(() => tf.setBackend('cpu'));

interface Row {
  classes: number;
  y: number[];
  logits: number[];
  exact: number;
  top2?: number;
  top3?: number;
}
const { rows } = JSON.parse(
  readFileSync(new URL('../../shared/data/fixtures/sklearn-curves.json', import.meta.url), 'utf8'),
) as { rows: Row[] };

function counted(output: tf.Tensor, y: number[], classes: number, fromLogits: boolean, top: number[] = []) {
  const label = { kind: 'class' as const, classes };
  const scored = { top, curve: true, own: [] };
  const target = tf.tensor(Int32Array.from(y), [y.length], 'int32');
  const tensors = scoring(scored)(tf, { output, target, fromLogits, label });
  const computed = Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name, tensor.dataSync()]),
  );
  const { scores, places } = scoresOf(scored, label, { count: y.length, y }, computed);
  const counts = new Map<number, number>();
  countPlaces(places!, counts);
  return { scores, area: areaUnder(counts, curvesOf(label)) };
}

describe('what an evaluation counts', () => {
  it.each(rows)(
    "gives scikit-learn's area and top-k accuracy, from logits and from probabilities: $classes classes",
    (row) => {
      const { classes, y, top2, top3 } = row;
      const logits = tf.tensor(row.logits, [y.length, classes]);
      for (const fromLogits of [true, false]) {
        const output = fromLogits ? logits : tf.softmax(logits);
        const { scores, area } = counted(output, y, classes, fromLogits, top2 === undefined ? [] : [2, 3]);
        expect(Math.abs(area - row.exact)).toBeLessThan(1e-3);
        if (top2 === undefined) continue;
        expect(scores!.top2! / y.length).toBeCloseTo(top2, 12);
        expect(scores!.top3! / y.length).toBeCloseTo(top3!, 12);
      }
    },
  );

  it('tells two classes apart by one output, a logit or a probability', () => {
    const logits = tf.tensor([[2], [-1], [0.5], [-3]]);
    expect(counted(logits, [1, 0, 0, 1], 2, true).area).toBe(0.5);
    expect(counted(tf.sigmoid(logits), [1, 0, 1, 0], 2, false).area).toBe(1);
  });

  it('takes the first of equal classes, as accuracy does, and the share of positions', () => {
    const scored = { top: [1, 2], curve: false, own: [] };
    const label = { kind: 'class' as const, classes: 3 };
    const output = tf.tensor([1, 1, 1, 0, 2, 2], [1, 2, 3]);
    const target = tf.tensor([1, 2], [1, 2], 'int32');
    const { rank } = scoring(scored)(tf, { output, target, fromLogits: true, label });
    expect(Array.from(rank!.dataSync())).toEqual([1, 1]);
    expect(scoresOf(scored, label, { count: 1, y: [1, 2] }, { rank: [0, 1] }).scores).toEqual({
      top1: 0.5,
      top2: 1,
    });
  });
});
