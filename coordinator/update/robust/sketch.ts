/**
 * Short stand-ins for long vectors: each element is added, with a random sign, to one of a few sums (the count
 * sketch of Charikar, Chen, Farach-Colton 2002). Distances stay what they are within a few percent, and a mean of
 * sketches is the sketch of the mean: a worker's history costs 32 KiB, however large the model is.
 *
 * An attacker who knew the signs could build a lie that has no length here: they are drawn from a secret.
 */
import { Random } from '../../../shared/numerics/random.js';

const SUMS = 4096;
const NEGATIVE = 0x8000;

export class Sketcher {
  private places: Uint16Array | undefined;

  /** @param secret seeds that only this process knows */
  constructor(private readonly secret: readonly number[]) {}

  /** @param vector as long as at each call */
  sketch(vector: Float32Array): Float64Array {
    this.places ??= this.draw(vector.length);
    const sums = new Float64Array(SUMS);
    for (let i = 0; i < vector.length; i++) {
      const place = this.places[i]!;
      sums[place & (SUMS - 1)]! += place & NEGATIVE ? -vector[i]! : vector[i]!;
    }
    return sums;
  }

  private draw(length: number): Uint16Array {
    const random = new Random(...this.secret);
    return Uint16Array.from({ length }, () => random.uint32() >>> 16);
  }
}
