/** Both kernels against the definition in PROTOCOL.md, written out with Math.fround and powers of two. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../random.js';
import { BLOCK_ELEMENTS } from '../block-table.js';
import { CHANGE_CODES, type ChangeBits, type ChangeKernel, codeBytes } from './change-kernel.js';
import { typescriptChangeKernel } from './typescript-change-kernel.js';
import { wasmChangeKernel } from './wasm-change-kernel.js';

const KERNELS = [typescriptChangeKernel, wasmChangeKernel()!];
const CASES = KERNELS.flatMap((kernel) =>
  ([8, 4] as const).map((bits) => ({ kind: kernel.kind, bits, kernel })),
);

/** The least bfloat16 that is not below x: 8 significant bits. */
function plainScale(x: number): number {
  const unit = 2 ** (Math.floor(Math.log2(x)) - 7);
  return Math.ceil(x / unit) * unit;
}

function plainNearest(x: number): number {
  const low = Math.floor(x);
  if (x - low !== 0.5) return Math.round(x);
  return low % 2 === 0 ? low : low + 1;
}

/** What is held afterwards, and the codes. */
function plainRun(bits: ChangeBits, wanted: Float32Array, held: Float32Array) {
  const { levels } = CHANGE_CODES[bits];
  const result = { scales: [] as number[], codes: [] as number[], into: [] as number[] };
  for (let at = 0; at < wanted.length; at += BLOCK_ELEMENTS) {
    const block = [...wanted.subarray(at, at + BLOCK_ELEMENTS)];
    const differences = block.map((value, i) => Math.fround(value - held[at + i]!));
    const largest = Math.max(...differences.map(Math.abs));
    const isNumber = largest < 2 ** 127;
    const isSmall = largest < 2 ** -100;
    const scale = !isNumber ? Number.NaN : isSmall ? 0 : plainScale(Math.fround(largest / levels));
    result.scales.push(scale);
    for (const [i, difference] of differences.entries()) {
      const nearest = plainNearest(Math.fround(difference / scale));
      const code = isNumber && !isSmall ? Math.max(-levels, Math.min(levels, nearest)) + 0 : 0;
      result.codes.push(code);
      result.into.push(Math.fround(held[at + i]! + Math.fround(scale * code)));
    }
  }
  return result;
}

const bf16 = (bits: number) => new Float32Array(Uint32Array.of(bits << 16).buffer)[0]!;
const bitsOf = (values: ArrayLike<number>) => new Uint32Array(Float32Array.from(values).buffer);

function coded(kernel: ChangeKernel, bits: ChangeBits, wanted: Float32Array, held: Float32Array) {
  const scales = new Uint16Array(Math.ceil(wanted.length / BLOCK_ELEMENTS));
  const codes = new Uint8Array(codeBytes(bits, wanted.length));
  const into = new Float32Array(wanted.length);
  kernel.encode(bits, wanted, held, scales, codes, into);
  return { scales, codes, into };
}

const codesOf = (bits: ChangeBits, bytes: Uint8Array, count: number) =>
  Array.from({ length: count }, (_, i) => {
    const code = bits === 8 ? bytes[i]! : (bytes[i >> 1]! >> (4 * (i % 2))) & 15;
    return code >= 2 ** (bits - 1) ? code - 2 ** bits : code;
  });

/** Numbers of every size, those included that are none; of two vectors. */
const anyRun = fc
  .array(fc.tuple(fc.float(), fc.float()), { minLength: 1, maxLength: 150 })
  .map((pairs) => [0, 1].map((which) => Float32Array.from(pairs, (pair) => pair[which]!)));
/** Changes of one size. */
const likeWeights = fc
  .tuple(fc.integer({ min: -80, max: 100 }), fc.integer(), fc.integer({ min: 1, max: 200 }))
  .map(([exponent, seed, length]) => {
    const random = new Random(seed);
    const held = Float32Array.from({ length }, () => random.between(-1, 1) * 2 ** exponent);
    return [held.map((value) => value + random.between(-1, 1) * 2 ** (exponent - 6)), held];
  });

describe.each(CASES)('changes in $bits bits by $kind', ({ kernel, bits }) => {
  it('have the bits of the definition, for weights and for whatever else float32 can be, and decode to the same', () => {
    fc.assert(
      fc.property(fc.oneof(likeWeights, anyRun), ([wanted, held]) => {
        const plain = plainRun(bits, wanted!, held!);
        const { scales, codes, into } = coded(kernel, bits, wanted!, held!);
        expect([...scales].map(bf16)).toEqual(plain.scales);
        expect(codesOf(bits, codes, wanted!.length)).toEqual(plain.codes);
        expect([...into]).toEqual(plain.into);
        const back = new Float32Array(into.length);
        expect(kernel.decode(bits, scales, codes, held!, back)).toBe(true);
        expect([...back]).toEqual([...into]);
      }),
    );
  });

  it('forget nothing: what one leaves out the next ones bring, until both are equal but for a few of the last bits', () => {
    const random = new Random(9);
    const wanted = Float32Array.from({ length: 129 }, () => random.between(-1, 1));
    let held = new Float32Array(129);
    for (let step = 0; step < 12; step++) held = coded(kernel, bits, wanted, held).into;
    for (const [i, value] of wanted.entries()) expect(Math.abs(held[i]! - value)).toBeLessThan(2 ** -22);
  });

  it.each([
    ['infinity', 0x7f80, 0],
    ['another NaN', 0x7fc1, 0],
    ['a negative number', 0xbf80, 1],
    ['a subnormal number', 0x0001, 1],
    ['too small a number', 0x09ff, 1],
    ['too large a number', 0x7d94, 1],
    ['all ones', 0xffff, 0],
    ['minus zero', 0x8000, 0],
    ['zero, with a code', 0, 1],
    ['NaN, with a code', 0x7fc0, 1],
    ['a number, with a code below the least', 0x3f80, -(2 ** (bits - 1))],
  ])('are refused where a scale is %s', (_, scale, code) => {
    for (const place of [0, 1, 63, 64, 69]) {
      const scales = Uint16Array.of(0x3f80, 0x3f80).fill(scale, place >> 6, (place >> 6) + 1);
      const codes = new Uint8Array(codeBytes(bits, 70));
      if (bits === 8) codes[place] = code;
      else codes[place >> 1] = (code & 15) << (4 * (place % 2));
      expect(kernel.decode(bits, scales, codes, new Float32Array(70), new Float32Array(70))).toBe(false);
    }
  });
});

it.each([8, 4] as const)(
  'changes in %i bits have equal bits from both kernels in runs longer than WebAssembly takes at once',
  (bits) => {
    const random = new Random(5);
    const wanted = Float32Array.from({ length: 131_072 - 3 }, () => random.between(-1, 1) ** 3);
    const held = wanted.map((value) => value + random.between(-1, 1) / 64);
    const [one, other] = KERNELS.map((kernel) => {
      const { scales, codes, into } = coded(kernel, bits, wanted, held);
      const back = new Float32Array(into.length);
      expect(kernel.decode(bits, scales, codes, held, back)).toBe(true);
      return [scales, codes, bitsOf(into), bitsOf(back)].map((bytes) => Buffer.from(bytes.buffer));
    });
    expect(one!.every((bytes, i) => bytes.equals(other![i]!))).toBe(true);
    expect(one![2]!.equals(one![3]!)).toBe(true);
  },
);
