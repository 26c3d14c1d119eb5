/**
 * Seeded random numbers, the same in every runtime: 32-bit integer operations only.
 *
 * The generator is sfc32 of PractRand (Doty-Humphrey): 128 bits of state, a counter among them, so its
 * period is at least 2^32. Not for secrets.
 */

/** The finalizer of MurmurHash3: every bit of `h` decides every bit of the result. */
function scramble(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * One 32-bit number that depends on all of `numbers` and on their order: to derive seeds. Each is taken
 * modulo 2^32.
 */
export function mix(...numbers: number[]): number {
  let hash = 0x9e3779b9;
  for (const number of numbers) hash = scramble(Math.imul(hash, 31) + 0x9e3779b9 + (number >>> 0));
  return hash;
}

export class Random {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  constructor(...seeds: number[]) {
    // Signed, as all later states: engines compute with such numbers faster.
    this.a = mix(...seeds, 1) | 0;
    this.b = mix(...seeds, 2) | 0;
    this.c = mix(...seeds, 3) | 0;
    // sfc32 needs a dozen rounds until its state has forgotten the seed's structure.
    for (let round = 0; round < 12; round++) this.uint32();
  }

  /** Uniform in [0, 2^32). */
  uint32(): number {
    const result = (this.a + this.b + this.counter++) >>> 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + result) | 0;
    return result;
  }

  /** Uniform in [0, n), without bias; n from 1 to 2^32. */
  below(n: number): number {
    // Numbers at or above the largest multiple of n would favor small results.
    const limit = 2 ** 32 - (2 ** 32 % n);
    for (;;) {
      const number = this.uint32();
      if (number < limit) return number % n;
    }
  }

  /** Uniform in [0, 1), in steps of 2^-32. */
  float(): number {
    return this.uint32() / 2 ** 32;
  }

  /** Uniform in [from, to). */
  between(from: number, to: number): number {
    return from + (to - from) * this.float();
  }
}
