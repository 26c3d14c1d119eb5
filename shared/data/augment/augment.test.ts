import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Manifest } from '../manifest.js';
import { createAugment, parseAugment } from './augment.js';

type Shapes = Pick<Manifest, 'x' | 'y' | 'label'>;
const label = { kind: 'class', classes: 3 } as const;
const pictures = (dtype: 'uint8' | 'float32', ...shape: number[]): Shapes => ({
  x: { shape, dtype },
  y: { shape: [], dtype: 'int32' },
  label,
});
const ALL = 'flip,crop:2,rotate:30,cutout:3,brightness:0.4';
const SIZE = 7 * 6 * 2;
/** The values of some records, one after the other: each a function of its index. */
const recordsOf = (indices: Uint32Array) =>
  Uint8Array.from({ length: indices.length * SIZE }, (_, i) => {
    const record = indices[Math.floor(i / SIZE)]!;
    return (record * 97 + (i % SIZE) * 31) % 256;
  });

describe('what becomes of a picture', () => {
  const index = fc.integer({ min: 0, max: 2 ** 32 - 1 });

  it('is a function of seed, epoch and record, whatever stands beside it in the batch', () => {
    fc.assert(
      fc.property(fc.array(index, { minLength: 1, maxLength: 8 }), index, index, (given, seed, epoch) => {
        const indices = Uint32Array.from(given);
        const together = recordsOf(indices);
        createAugment(ALL, seed, pictures('uint8', 7, 6, 2))(together, indices, epoch);
        const augment = createAugment(ALL, seed, pictures('uint8', 7, 6, 2));
        const alone = given.flatMap((record) => {
          const one = recordsOf(Uint32Array.of(record));
          augment(one, Uint32Array.of(record), epoch);
          return [...one];
        });
        expect([...together]).toEqual(alone);
      }),
    );
  });

  it('is another one for another seed, epoch or record', () => {
    const of = (seed: number, epoch: number, record: number) => {
      const x = Uint8Array.from({ length: SIZE }, (_, i) => i);
      createAugment(ALL, seed, pictures('uint8', 7, 6, 2))(x, Uint32Array.of(record), epoch);
      return x.join();
    };
    const made = [of(1, 0, 5), of(2, 0, 5), of(1, 1, 5), of(1, 0, 6)];
    expect(new Set(made).size).toBe(4);
    expect(of(1, 0, 5)).toBe(made[0]);
  });

  it('has a fixed value, so that no run ever changes', () => {
    const x = Float32Array.from({ length: 12 }, (_, i) => i + 1);
    createAugment('flip,crop:1,rotate:20,brightness:0.5', 7, pictures('float32', 4, 3, 1))(
      x,
      Uint32Array.of(9),
      2,
    );
    expect([...x]).toMatchInlineSnapshot(`
      [
        0,
        0.030957335606217384,
        0,
        1.045340657234192,
        1.6568760871887207,
        0,
        2.4629743099212646,
        3.522256851196289,
        0.42648670077323914,
        3.305884838104248,
        5.185024261474609,
        1.3042423725128174,
      ]
    `);
  });

  it('is mirrored for half of the records, and moved evenly', () => {
    const count = 4000;
    const indices = Uint32Array.from({ length: count }, (_, i) => i);
    const mirrored = Uint8Array.from({ length: count * 2 }, (_, i) => i % 2);
    createAugment('flip', 1, pictures('uint8', 1, 2, 1))(mirrored, indices, 0);
    const share = mirrored.filter((value, i) => i % 2 === 0 && value === 1).length / count;
    expect(Math.abs(share - 0.5)).toBeLessThan(0.03);
    // The one bright pixel in the middle of 3 x 3 goes to each of the nine places.
    const moved = Uint8Array.from({ length: count * 9 }, (_, i) => (i % 9 === 4 ? 1 : 0));
    createAugment('crop:1', 1, pictures('uint8', 3, 3, 1))(moved, indices, 0);
    const places = Array.from(
      { length: 9 },
      (_, place) => moved.filter((v, i) => v && i % 9 === place).length,
    );
    for (const times of places) expect(Math.abs(times / count - 1 / 9)).toBeLessThan(0.02);
  });
});

describe('--augment is refused', () => {
  it.each([
    ['flop', '--augment has "flop": it takes flip,crop:PIXELS,rotate:DEGREES,cutout:PIXELS,brightness:SHARE'],
    ['', '--augment has "": it takes'],
    ['flip,', '--augment has "": it takes'],
    ['flip,crop:2,flip', '--augment has flip twice: leave one of them out'],
    ['flip:1', '--augment: flip takes no number, and has "1"'],
    ['crop', '--augment: crop:PIXELS takes a whole number of pixels of at least 1, not nothing'],
    ['crop:0', 'takes a whole number of pixels of at least 1, not "0"'],
    ['crop:1.5', 'not "1.5"'],
    ['crop:1e2', 'not "1e2"'],
    ['rotate:181', '--augment: rotate:DEGREES takes a whole number of degrees from 1 to 180, not "181"'],
    ['brightness:0', '--augment: brightness:SHARE takes a number above 0 and up to 1, not "0"'],
    ['brightness:2', 'not "2"'],
  ])('%j', (text, message) => {
    expect(() => parseAugment(text)).toThrow(message);
  });

  it.each<[string, Shapes, string]>([
    ['flip', pictures('float32', 4), '--augment is for pictures, and a record is float32 [4]'],
    ['flip', pictures('float32', 4, 4), 'a record is float32 [4,4]'],
    ['crop:4', pictures('uint8', 4, 9, 1), '--augment crop:4: pictures have 4 x 9 pixels: give fewer'],
    ['cutout:9', pictures('uint8', 9, 9, 1), '--augment cutout:9: pictures have 9 x 9 pixels: give fewer'],
    [
      'flip',
      { ...pictures('uint8', 9, 9, 1), y: { shape: [9, 9], dtype: 'int32' } },
      '--augment moves pixels, and not the classes that each of them has',
    ],
    ['flip', pictures('uint8', 9000, 9, 1), '--augment takes pictures of at most 8192 pixels a side'],
  ])('%j where the data do not fit', (text, data, message) => {
    expect(() => createAugment(text, 1, data)).toThrow(message);
  });
});
