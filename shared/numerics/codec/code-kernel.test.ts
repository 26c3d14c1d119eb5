/** Both kernels against the definition in PROTOCOL.md, written out with whole numbers and powers of two. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../random.js';
import { BLOCK_ELEMENTS } from './block-table.js';
import type { CodeKernel, RoundingKeys } from './code-kernel.js';
import { typescriptKernel } from './typescript-kernel.js';
import { wasmKernel } from './wasm-kernel.js';

const KERNELS = [typescriptKernel, wasmKernel()!];

const M = 2n ** 32n;

/** u of PROTOCOL.md. */
function plainUniform(at: number, { first, second }: RoundingKeys): number {
  let h = BigInt(at) ^ BigInt(first);
  h = ((h ^ (h >> 16n)) * 0x21f0aaadn) % M;
  h = (h + BigInt(second)) % M;
  h = ((h ^ (h >> 15n)) * 0x735a2d97n) % M;
  h ^= h >> 15n;
  return (Number(h >> 16n) + 0.5) / 2 ** 16;
}

/** The least bfloat16 that is not below x: 8 significant bits. */
function plainScale(x: number): number {
  const unit = 2 ** (Math.floor(Math.log2(x)) - 7);
  return Math.ceil(x / unit) * unit;
}

interface Plain {
  scale: number;
  codes: number[];
}

function plainBlock(values: number[], first: number, keys: RoundingKeys): Plain {
  const largest = Math.max(...values.map(Math.abs));
  if (!(largest < 2 ** 127)) return { scale: Number.NaN, codes: values.map(() => 0) };
  if (largest < 2 ** -100) return { scale: 0, codes: values.map(() => 0) };
  const scale = plainScale(Math.fround(largest / 127));
  const codes = values.map((value, i) => {
    const code = Math.floor(Math.fround(Math.fround(value / scale) + plainUniform(first + i, keys)));
    return Math.min(127, Math.max(-127, code));
  });
  return { scale, codes };
}

function plainRun(values: Float32Array, first: number, keys: RoundingKeys): Plain[] {
  const blocks: Plain[] = [];
  for (let at = 0; at < values.length; at += BLOCK_ELEMENTS)
    blocks.push(plainBlock([...values.subarray(at, at + BLOCK_ELEMENTS)], first + at, keys));
  return blocks;
}

const bf16 = (bits: number) => new Float32Array(Uint32Array.of(bits << 16).buffer)[0]!;

function coded(kernel: CodeKernel, values: Float32Array, first: number, keys: RoundingKeys) {
  const scales = new Uint16Array(Math.ceil(values.length / BLOCK_ELEMENTS));
  const codes = new Int8Array(values.length);
  kernel.encode(values, first, keys, scales, codes);
  return { scales, codes };
}

function decoded(kernel: CodeKernel, values: Float32Array, first: number, keys: RoundingKeys) {
  const { scales, codes } = coded(kernel, values, first, keys);
  const into = new Float32Array(values.length);
  expect(kernel.decode(scales, codes, into)).toBe(true);
  return into;
}

const bitsOf = (values: Float32Array) => [
  ...new Uint32Array(values.buffer, values.byteOffset, values.length),
];

const key = fc.nat({ max: 2 ** 32 - 1 });
const keysOf = fc.record({ first: key, second: key });
/** Numbers of every size, those included that are none. */
const anyRun = fc
  .array(fc.float({ noDefaultInfinity: false }), { minLength: 1, maxLength: 200 })
  .map((values) => Float32Array.from(values));
/** Numbers of one size, as gradients are. */
const gradient = fc
  .tuple(fc.integer({ min: -90, max: 120 }), fc.integer(), fc.integer({ min: 1, max: 300 }))
  .map(([exponent, seed, length]) => {
    const random = new Random(seed);
    return Float32Array.from({ length }, () => random.between(-1, 1) * 2 ** exponent);
  });

describe.each(KERNELS)('the code by $kind', (kernel) => {
  it('has the bits of the definition, for gradients and for whatever else float32 can be', () => {
    const first = fc.nat({ max: 2 ** 31 });
    fc.assert(
      fc.property(fc.oneof(gradient, anyRun), first, keysOf, (values, at, keys) => {
        const plain = plainRun(values, at, keys);
        const { scales, codes } = coded(kernel, values, at, keys);
        expect([...scales].map(bf16)).toEqual(plain.map(({ scale }) => scale));
        expect([...codes]).toEqual(plain.flatMap((block) => block.codes));
      }),
    );
  });

  it('decodes what it encodes, and rounds in place to the same bits', () => {
    fc.assert(
      fc.property(fc.oneof(gradient, anyRun), keysOf, (values, keys) => {
        const expected = Float32Array.from(
          plainRun(values, 7, keys).flatMap(({ scale, codes }) => codes.map((code) => code * scale)),
        );
        const back = decoded(kernel, values, 7, keys);
        const inPlace = Float32Array.from(values);
        kernel.round(inPlace, 7, keys);
        for (const result of [back, inPlace]) {
          expect(result).toEqual(expected);
          expect(bitsOf(result)).toEqual(bitsOf(back));
        }
      }),
    );
  });

  it('is off by less than a scale, and a scale is at most a 126th of the largest element', () => {
    fc.assert(
      fc.property(gradient, keysOf, (values, keys) => {
        const back = decoded(kernel, values, 0, keys);
        for (let at = 0; at < values.length; at += BLOCK_ELEMENTS) {
          const block = values.subarray(at, at + BLOCK_ELEMENTS);
          const largest = Math.max(...block.map(Math.abs));
          for (const [i, value] of block.entries())
            expect(Math.abs(back[at + i]! - value)).toBeLessThanOrEqual(largest / 126);
        }
      }),
    );
  });

  it('keeps the mean: over many keys the errors of an element add up to nothing', () => {
    const values = Float32Array.from({ length: 64 }, (_, i) => Math.sin(i) * 1e-3);
    const draws = 4000;
    const sums = new Float64Array(64);
    const random = new Random(fc.sample(fc.integer(), 1)[0]!);
    for (let draw = 0; draw < draws; draw++) {
      const keys = { first: random.uint32(), second: random.uint32() };
      for (const [i, value] of decoded(kernel, values, 4096, keys).entries()) sums[i]! += value;
    }
    const quantum = 1e-3 / 126;
    // An error has a standard deviation of half a quantum at most: six of the mean's, for 64 elements.
    for (const [i, value] of values.entries())
      expect(Math.abs(sums[i]! / draws - value)).toBeLessThan((6 * quantum) / 2 / Math.sqrt(draws));
  });

  it('rounds neighbors and nodes independently', () => {
    const length = 65_536;
    const values = new Float32Array(length).fill(0.5);
    for (let at = 0; at < length; at += BLOCK_ELEMENTS) values[at] = 127;
    const ups = [1, 2].map((node) => {
      const { codes } = coded(kernel, values, 0, { first: node, second: 77 });
      return codes;
    });
    const shareOf = (isIt: (i: number) => boolean) => {
      const places = [...values.keys()].filter((i) => i % BLOCK_ELEMENTS > 0 && i + 1 < length);
      return places.filter(isIt).length / places.length;
    };
    const limit = 6 * Math.sqrt(0.25 / length);
    expect(Math.abs(shareOf((i) => ups[0]![i] === 1) - 0.5)).toBeLessThan(limit);
    expect(Math.abs(shareOf((i) => ups[0]![i] === ups[1]![i]) - 0.5)).toBeLessThan(limit);
    expect(Math.abs(shareOf((i) => ups[0]![i] === ups[0]![i - 1]) - 0.5)).toBeLessThan(limit + 1 / 64);
  });

  it.each([
    ['infinity', 0x7f80, 0],
    ['another NaN', 0x7fc1, 0],
    ['a negative number', 0xbf80, 1],
    ['a subnormal number', 0x0001, 1],
    ['too small a number', 0x09ff, 1],
    ['too large a number', 0x7b83, 1],
    ['all ones', 0xffff, 0],
    ['minus zero', 0x8000, 0],
    ['zero, with a code', 0, 1],
    ['NaN, with a code', 0x7fc0, 1],
    ['a number, with a code of -128', 0x3f80, -128],
  ])('refuses a scale that is %s', (_, scale, code) => {
    for (const place of [0, 63, 64, 69]) {
      const scales = Uint16Array.of(0x3f80, 0x3f80).fill(scale, place >> 6, (place >> 6) + 1);
      const codes = new Int8Array(70).fill(code, place, place + 1);
      expect(kernel.decode(scales, codes, new Float32Array(70))).toBe(false);
    }
  });

  it('decodes NaN where a block held what is no number, and nothing else of the run', () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2 ** 127]) {
      const values = new Float32Array(130).fill(1);
      values[100] = bad;
      const back = decoded(kernel, values, 0, { first: 1, second: 2 });
      expect([...back].map(Number.isNaN)).toEqual(Array.from(back, (_, i) => i >= 64 && i < 128));
    }
  });
});

it('has equal bits from both kernels in runs that are longer than what WebAssembly takes at once', () => {
  const random = new Random(5);
  const values = Float32Array.from({ length: 131_072 - 3 }, () => random.between(-1, 1) ** 3);
  const keys = { first: 0xdeadbeef, second: 0xfeedface };
  const [one, other] = KERNELS.map((kernel) => {
    const inPlace = Float32Array.from(values);
    kernel.round(inPlace, 12, keys);
    return [bitsOf(inPlace), bitsOf(decoded(kernel, values, 12, keys))];
  });
  expect(
    one!.every((bits, i) =>
      Buffer.from(Uint32Array.from(bits).buffer).equals(Buffer.from(Uint32Array.from(other![i]!).buffer)),
    ),
  ).toBe(true);
});
