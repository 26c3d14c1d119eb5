import { inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { encodePng } from './png.js';

describe('a PNG file', () => {
  it('is, for one red pixel, that of libpng', () => {
    // By Pillow 12 (compress_level as here): all but the compressed bytes, which depend on zlib's version.
    const png = encodePng({ height: 1, width: 1, channels: 3, pixels: Uint8Array.of(255, 0, 0) });
    expect(png.subarray(0, 33).toString('hex')).toBe(
      '89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de',
    );
    expect(png.subarray(-12).toString('hex')).toBe('0000000049454e44ae426082');
  });

  it('has its rows one after the other, each without a filter', () => {
    const png = encodePng({ height: 2, width: 3, channels: 1, pixels: Uint8Array.of(1, 2, 3, 4, 5, 6) });
    const length = png.readUInt32BE(33);
    expect(png.subarray(37, 41).toString('latin1')).toBe('IDAT');
    expect([...inflateSync(png.subarray(41, 41 + length))]).toEqual([0, 1, 2, 3, 0, 4, 5, 6]);
  });

  it('is not made of other than grey or RGB', () => {
    const pixels = { height: 1, width: 1, channels: 2, pixels: new Uint8Array(2) };
    expect(() => encodePng(pixels)).toThrow('2 channels are neither grey nor RGB');
  });
});
