/**
 * TF.js's random numbers without TF.js: an unseeded layer (dropout, noise) takes a seed from Math.random and
 * draws from the generator Alea. The eager engine puts a seeded stream in the place of Math.random; the
 * compiled one takes the same seeds from the same stream, so that both draw the same numbers.
 */
import alea from 'seedrandom/lib/alea.js';
import { Random } from '../../../shared/numerics/random.js';
import type { RandomDraw } from './graph.js';

/** `count` values of a distribution from the generator that `seed` starts. */
export function drawFrom(
  { distribution, offset, scale }: Omit<RandomDraw, 'seedIndex'>,
  seed: number,
  count: number,
): Float32Array {
  // As TF.js's rand_util hands it over: a number as text.
  const next = alea(String(seed));
  const drawn = new Float32Array(count);
  if (distribution === 'uniform') {
    for (let i = 0; i < count; i++) drawn[i] = offset + scale * next();
    return drawn;
  }
  // Marsaglia's polar method, two numbers at a time; multiplied in the order in which TF.js does.
  for (let i = 0; i < count; i += 2) {
    let a: number;
    let b: number;
    let square: number;
    do {
      a = 2 * next() - 1;
      b = 2 * next() - 1;
      square = a * a + b * b;
    } while (square >= 1 || square === 0);
    const factor = Math.sqrt((-2 * Math.log(square)) / square);
    drawn[i] = offset + scale * a * factor;
    if (i + 1 < count) drawn[i + 1] = offset + scale * b * factor;
  }
  return drawn;
}

/** The values of a draw in a step whose randomness starts from `seed`. */
export function draw(random: RandomDraw, seed: number, count: number): Float32Array {
  const seeds = new Random(seed);
  for (let i = 0; i < random.seedIndex; i++) seeds.float();
  return drawFrom(random, seeds.float(), count);
}
