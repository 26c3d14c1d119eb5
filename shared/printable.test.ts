/** Words of strangers, as they may stand in a terminal and in a log. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPrintable, printable } from './printable.js';

describe('text of strangers', () => {
  it('is printed as it is where it can be: letters of any writing, joined emoji, quotes', () => {
    for (const text of ['Zoë’s laptop', '日本語', 'کتاب‌خانه', '👩‍👩‍👧', 'a "b" <c> \\d', 'नमस्ते'])
      expect([isPrintable(text), printable(text)]).toEqual([true, text]);
  });

  it('is written out where it would move the cursor, set title or clipboard, or turn what stands around it', () => {
    expect(printable('\u001b]52;c;cm0=\u0007')).toBe('\\u{1b}]52;c;cm0=\\u{7}');
    expect(printable('\u009b2J')).toBe('\\u{9b}2J');
    expect(printable('a\u202eb\u{e0041}')).toBe('a\\u{202e}b\\u{e0041}');
    expect(printable('half \ud800')).toBe('half \\u{d800}');
  });

  it('is on one line, and forges no other', () => {
    expect(printable('anna\r\nfinished after 1,000 steps\u2028x')).toBe('anna finished after 1,000 steps x');
  });

  it('is printable after that, whatever it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(isPrintable(printable(text))).toBe(true);
      }),
    );
  });
});
