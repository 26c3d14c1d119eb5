/** Text is what the bytes say, or refused: never something near it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeText } from './decode.js';

const utf16 = (text: string, mark = true) => Buffer.from(`${mark ? '\ufeff' : ''}${text}`, 'utf16le');

describe('bytes as text', () => {
  it('come back whole in each encoding, with a byte order mark and without', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        fc.pre(!text.includes('\0') && !text.startsWith('\ufeff'));
        const bytes = Buffer.from(text);
        expect(decodeText('f', bytes)).toBe(text);
        expect(decodeText('f', Buffer.concat([Buffer.of(0xef, 0xbb, 0xbf), bytes]))).toBe(text);
        expect(decodeText('f', utf16(text))).toBe(text);
        expect(decodeText('f', utf16(text).swap16())).toBe(text);
        expect(decodeText('f', utf16(text, false), 'utf-16le')).toBe(text);
      }),
    );
  });

  it('of Latin-1 are refused with the line, and read when told', () => {
    const bytes = Buffer.from('a,b\n1,Köln\n2,Düren\n', 'latin1');
    expect(() => decodeText('f.csv', bytes)).toThrow(
      "f.csv, line 2: no UTF-8 text: give the file's encoding (encoding=latin1, say), or convert it",
    );
    for (const end of ['\r', '\r\n'])
      expect(() => decodeText('f.csv', Buffer.from(`a${end}b${end}K\xf6ln${end}`, 'latin1'))).toThrow(
        'line 3:',
      );
    expect(decodeText('f.csv', bytes, 'latin1')).toBe('a,b\n1,Köln\n2,Düren\n');
  });

  it.each<[string, Buffer, string | undefined, string]>([
    ['cut UTF-8', Buffer.of(0x61, 0x0a, 0xc3), undefined, 'line 2: no UTF-8'],
    ['UTF-16 without a mark', utf16('a,b\n', false), undefined, 'line 1: a NUL character'],
    ['half a UTF-16 unit', Buffer.concat([utf16('a'), Buffer.of(0x61)]), undefined, 'is not utf-16le text'],
    ['half a surrogate pair', utf16('\ud83d'), undefined, 'is not utf-16le text'],
    ['UTF-32', Buffer.of(0xff, 0xfe, 0, 0, 0x61, 0, 0, 0), undefined, 'is UTF-32, which is not read'],
    ['another encoding than the mark', utf16('a'), 'latin1', 'begins with the byte order mark of utf-16le'],
    ['an unknown encoding', Buffer.from('a'), 'klingon', 'klingon is not known'],
  ])('refuses %s', (_, bytes, encoding, message) => {
    expect(() => decodeText('f', bytes, encoding)).toThrow(message);
  });
});
