/** A text that comes in pieces is the text of the whole file, and its faults are told as those of a whole one. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { tableFiles } from '../../../../test/support/files/csv-files.js';
import { refusalOf } from '../../../../test/support/refusal.js';
import { textPieces } from './text-stream.js';

const fileOf = tableFiles();

async function textOf(file: string, encoding?: string): Promise<{ text: string; pieces: number }> {
  const pieces: string[] = [];
  for await (const piece of textPieces(file, encoding)) pieces.push(piece);
  return { text: pieces.join(''), pieces: pieces.length };
}

describe('a text in pieces', () => {
  // Three bytes a character: pieces end within some.
  const text = 'x€€€\n'.repeat(400_000);

  it('is whole, gzip or not, in several encodings', async () => {
    for (const bytes of [Buffer.from(text), gzipSync(text), Buffer.from(`\ufeff${text}`, 'utf16le')]) {
      const found = await textOf(fileOf(bytes));
      expect(found.text === text).toBe(true);
      expect(found.pieces).toBeGreaterThan(2);
    }
    expect((await textOf(fileOf(Buffer.from('caf\xe9', 'latin1')), 'latin1')).text).toBe('café');
  });

  it('of an empty file is empty, of a file with a mark alone too', async () => {
    expect((await textOf(fileOf(''))).text).toBe('');
    expect((await textOf(fileOf('\ufeff'))).text).toBe('');
  });

  it('that is none is refused with its line, far into the file too', async () => {
    const bytes = Buffer.concat([Buffer.from(text), Buffer.from([0xff]), Buffer.from('\n')]);
    for (const file of [fileOf(bytes), fileOf(gzipSync(bytes))])
      expect(await refusalOf(textOf(file))).toContain(`${file}, line 400001: no UTF-8 text`);
    const cut = fileOf(Buffer.from('ab\n€').subarray(0, 5));
    expect(await refusalOf(textOf(cut))).toContain(`${cut}, line 2: no UTF-8 text`);
    const nul = fileOf(`${text}\0`);
    expect(await refusalOf(textOf(nul))).toContain(`${nul}, line 400001: a NUL character`);
  });

  it('of a gzip file that is cut off, or of no file, is refused', async () => {
    const packed = gzipSync(Buffer.from(Array.from({ length: 1 << 21 }, (_, i) => (i * i) % 251)));
    expect(await refusalOf(textOf(fileOf(packed.subarray(0, -9))))).toContain('is not a complete gzip file');
    expect(await refusalOf(textOf('nowhere.csv'))).toBe('nowhere.csv is missing: check the path of --data');
  });
});
