/** Numbers read where they stand are those that JavaScript reads. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { plainNumber } from './number.js';

const read = (text: string, mark = '.') => plainNumber(`x${text}y`, 1, 1 + text.length, mark.charCodeAt(0));

it('are exactly those of Number, to the last bit and the sign of zero, or left to it', () => {
  const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: 18 });
  fc.assert(
    fc.property(fc.constantFrom('', '-', '+'), digits, fc.boolean(), digits, (sign, whole, hasMark, rest) => {
      const text = `${sign}${whole}${hasMark ? `.${rest}` : ''}`;
      const found = read(text);
      const count = whole.length + (hasMark ? rest.length : 0);
      if (count === 0 || count > 15) expect(found).toBeNaN();
      else {
        expect(Object.is(found, Number(text))).toBe(true);
        expect(Object.is(read(text.replace('.', ','), ','), found)).toBe(true);
      }
    }),
  );
});

it.each(['', '-', '.', '1e3', '0x1', '1 2', '1.2.3', '1,5', '--1', 'NaN', '١'])(
  '%j is left to others',
  (text) => expect(read(text)).toBeNaN(),
);
