import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openData } from '../sources.js';

const sha256 = (...parts: ArrayLike<number>[]) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part as Uint8Array);
  return hash.digest('hex');
};

const rows = (x: ArrayLike<number>) => {
  const images: string[] = [];
  for (let at = 0; at < x.length; at += 784) images.push(sha256((x as Uint8Array).subarray(at, at + 784)));
  return images;
};

describe('the embedded digits', () => {
  const whole = openData('digits');

  it('are the same set on every machine, to the bit', async () => {
    const { train, test } = await whole;
    expect(sha256(train.x, train.y)).toBe('69c2bf12ffe8d22f24c893bf640c24a69a37e5986f00bc337929b223310e387a');
    expect(sha256(test.x, test.y)).toBe('6d9ce9a9e91c1c13da8084967826d62e5a226c072d46629a8a30fc0b5abeed3b');
  });

  it('are 12,000 for training and 2,000 for the test, of 28 x 28 pixels, as many of each class', async () => {
    const { x, label, train, test, normalisation } = await whole;
    expect(x).toEqual({ shape: [28, 28, 1], dtype: 'uint8' });
    expect(label).toEqual({ kind: 'class', classes: 10 });
    expect([train.count, test.count]).toEqual([12_000, 2_000]);
    expect([train.x.length, test.x.length]).toEqual([12_000 * 784, 2_000 * 784]);
    for (const { count, y } of [train, test]) {
      for (let digit = 0; digit < 10; digit++) {
        expect(y.filter((label) => label === digit)).toHaveLength(count / 10);
      }
    }
    expect(normalisation.scale).toBe(1 / 255);
  });

  it('are all different, and none of the test set is in the training set', async () => {
    const { train, test } = await whole;
    const all = [...rows(train.x), ...rows(test.x)];
    expect(new Set(all).size).toBe(14_000);
  });

  it('have test images that do not depend on how many training images there are', async () => {
    const [few, more] = await Promise.all([openData('digits?train=10&test=20'), openData('digits?train=50')]);
    expect(sha256(few.test.x)).toBe(sha256((await whole).test.x.subarray(0, 20 * 784)));
    expect(sha256(more.test.x)).toBe(sha256((await whole).test.x));
    expect(sha256(more.train.x)).toBe(sha256((await whole).train.x.subarray(0, 50 * 784)));
  });

  it('are others with another seed', async () => {
    const [one, two] = await Promise.all([
      openData('digits?train=10&test=10&seed=1'),
      openData('digits?train=10&test=10&seed=2'),
    ]);
    const images = [...rows(one.train.x), ...rows(one.test.x), ...rows(two.train.x), ...rows(two.test.x)];
    expect(new Set(images).size).toBe(40);
  });

  it('can be told apart: a nearest-mean classifier is far better than chance', async () => {
    const { train, test } = await whole;
    const means = Array.from({ length: 10 }, () => new Float64Array(784));
    for (let i = 0; i < train.count; i++) {
      for (let p = 0; p < 784; p++) means[train.y[i]!]![p]! += train.x[i * 784 + p]! / (train.count / 10);
    }
    let right = 0;
    for (let i = 0; i < test.count; i++) {
      const distances = means.map((mean) =>
        mean.reduce((sum, value, p) => sum + (value - test.x[i * 784 + p]!) ** 2, 0),
      );
      if (distances.indexOf(Math.min(...distances)) === test.y[i]) right++;
    }
    expect(right / test.count).toBeGreaterThan(0.5);
  });
});
