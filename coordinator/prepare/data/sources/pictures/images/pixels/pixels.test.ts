import { expect, it } from 'vitest';
import { Pixels } from './pixels.js';

const look = { size: undefined, fit: 'cover', channels: 1 } as const;
const picture = (value: number) => ({
  ...{ width: 2, height: 1, isTransparent: false, isFirstOfMany: false },
  pixels: Uint8Array.of(value, value + 1),
});

it('those that are there move together, part by part, in their order', () => {
  const pixels = new Pixels(7, look);
  for (const place of [6, 1, 3, 4]) pixels.put(place, `${place}`, picture(10 * place));
  expect([...pixels.between(0, 5)]).toEqual([10, 11, 30, 31, 40, 41]);
  expect([...pixels.between(5, 7)]).toEqual([60, 61]);
  expect([0, 1, 2].map((place) => pixels.has(place))).toEqual([false, true, false]);
});

it('the first one gives the size', () => {
  const pixels = new Pixels(2, look);
  expect(pixels.each).toBeUndefined();
  pixels.put(1, 'b', picture(0));
  expect(pixels.each).toEqual({ width: 2, height: 1 });
  expect(() => pixels.put(0, 'a', { ...picture(0), width: 1, height: 2 })).toThrow(
    'a has 1x2 pixels, b 2x1: size=WIDTHxHEIGHT makes all alike',
  );
});
