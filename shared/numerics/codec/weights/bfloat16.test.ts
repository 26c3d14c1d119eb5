/** Rounding against its definition: of the two neighbors in bfloat16 the nearer one, of equally near ones the even one. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBfloat16, roundToBfloat16, toBfloat16 } from './bfloat16.js';

const view = new DataView(new ArrayBuffer(4));

function floatOf(bits: number): number {
  view.setUint32(0, bits >>> 0);
  return view.getFloat32(0);
}

/** In float64, where differences of neighbors are exact. */
function plainRound(value: number): number {
  if (Number.isNaN(value) || !Number.isFinite(value)) return value;
  view.setFloat32(0, value);
  const below = view.getUint32(0) & 0xffff0000;
  const [near, far] = [floatOf(below), floatOf(below + 0x10000)];
  // Infinity stands where the next number would.
  const next = Number.isFinite(far) ? far : Math.sign(value) * 2 ** 128;
  const [toNear, toNext] = [Math.abs(value - near), Math.abs(next - value)];
  const isNear = toNear === toNext ? (below & 0x10000) === 0 : toNear < toNext;
  return isNear ? near : far;
}

const halvesOf = (values: Float32Array) => {
  const halves = new Uint16Array(values.length);
  toBfloat16(values, halves);
  return halves;
};

const anyBits = fc.nat({ max: 2 ** 32 - 1 });
/** Halfway between two neighbors, and beside it. */
const nearTie = fc.tuple(fc.nat({ max: 0xffff }), fc.constantFrom(0x7fff, 0x8000, 0x8001, 0, 0xffff));

describe('bfloat16', () => {
  it('is the nearest, or of two equally near ones the even one', () => {
    const bits = fc.oneof(
      anyBits,
      nearTie.map(([high, low]) => high * 65_536 + low),
    );
    fc.assert(
      fc.property(fc.array(bits, { minLength: 1, maxLength: 50 }), (all) => {
        const values = new Float32Array(Uint32Array.from(all).buffer);
        const into = new Float32Array(values.length);
        roundToBfloat16(values, into);
        expect([...into]).toEqual([...values].map(plainRound));
        const back = new Float32Array(values.length);
        fromBfloat16(halvesOf(values), back);
        expect(new Uint32Array(back.buffer)).toEqual(new Uint32Array(into.buffer));
      }),
    );
  });

  it('has one NaN, infinities and zeros with their sign, and rounds what is too large to infinity', () => {
    const halves = halvesOf(
      Float32Array.of(
        Number.NaN,
        -Number.NaN,
        Number.POSITIVE_INFINITY,
        Number.NEGATIVE_INFINITY,
        0,
        -0,
        3.4e38,
      ),
    );
    expect([...halves]).toEqual([0x7fc0, 0x7fc0, 0x7f80, 0xff80, 0, 0x8000, 0x7f80]);
  });

  it('leaves what is in bfloat16 already as it is', () => {
    const values = new Float32Array(2 ** 16);
    fromBfloat16(
      Uint16Array.from({ length: 2 ** 16 }, (_, half) => half),
      values,
    );
    const again = halvesOf(values);
    const isNumber = (half: number) => (half & 0x7fff) <= 0x7f80;
    expect([...again].every((half, i) => half === (isNumber(i) ? i : 0x7fc0))).toBe(true);
  });
});
