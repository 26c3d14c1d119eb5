import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sharedData } from '../../../../test/support/files/shared-data.js';
import { temporaryFolder } from '../../../../test/support/files/temporary-folder.js';
import { openData } from './sources.js';

const folder = temporaryFolder();
let files = 0;

function fileOf(content: string | Uint8Array, name = `text-${files++}.txt`): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('text as records', () => {
  it('are windows of numbers of characters, with the following characters as labels', async () => {
    const data = await openData(`text:${fileOf('abcdefghij'.repeat(2))}?length=3&stride=2&test=0.5`);
    expect(data.label).toEqual({ kind: 'class', classes: 10, names: [...'abcdefghij'] });
    expect(data.x).toEqual({ shape: [3], dtype: 'uint8' });
    expect(data.y).toEqual({ shape: [3], dtype: 'uint8' });
    expect(data.train.count).toBe(4);
    expect([...data.train.x]).toEqual([0, 1, 2, 2, 3, 4, 4, 5, 6, 6, 7, 8]);
    expect([...data.train.y]).toEqual([1, 2, 3, 3, 4, 5, 5, 6, 7, 7, 8, 9]);
    expect([...data.test.x]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect([...data.test.y]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('count characters, not UTF-16 units, and need 32 bits beyond 256 different ones', async () => {
    const emoji = await openData(`text:${fileOf('😀é😀é\n'.repeat(20))}?length=4`);
    expect(emoji.label).toEqual({ kind: 'class', classes: 3, names: ['\n', 'é', '😀'] });
    const many = String.fromCodePoint(...Array.from({ length: 300 }, (_, i) => 0x4e00 + i));
    const wide = await openData(`text:${fileOf(many.repeat(3))}?length=4`);
    expect(wide.x.dtype).toBe('int32');
    expect(Math.max(...wide.train.y)).toBe(299);
  });

  it('read gzip and leave out a byte order mark', async () => {
    const plain = await openData(`text:${fileOf('to be or not to be '.repeat(30))}?length=8`);
    const packed = gzipSync(`\uFEFF${'to be or not to be '.repeat(30)}`);
    const unpacked = await openData(`text:${fileOf(packed)}?length=8`);
    expect(unpacked.label).toEqual(plain.label);
    expect(unpacked.train).toEqual(plain.train);
  });

  it('never let a training window reach into the test part, and cover the training text', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 60, max: 400 }),
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 12 }),
        fc.double({ min: 0.2, max: 0.8, noNaN: true }),
        async (size, length, stride, share) => {
          // Each character is its own place.
          const text = String.fromCodePoint(...Array.from({ length: size }, (_, i) => 0x4e00 + i));
          const spec = `text:${fileOf(text, 'property.txt')}?length=${length}&stride=${stride}&test=${share}`;
          const { train, test } = await openData(spec);
          const border = size - Math.round(size * share);
          expect(Math.max(...train.y)).toBeLessThan(border);
          expect(Math.max(...train.y)).toBeGreaterThanOrEqual(border - stride);
          expect(Math.min(...test.x)).toBe(border);
          expect(new Set(test.y).size).toBe(test.y.length);
          for (const { x, y } of [train, test]) {
            for (let at = 0; at < x.length; at++) expect(y[at]).toBe(x[at]! + 1);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  const ten = () => fileOf('0123456789');
  it.each([
    ['text', '--data text needs a file: text:FILE'],
    ['text:/no/such/file', '/no/such/file is missing: check the path of --data'],
    [() => `text:${fileOf('')}`, 'is empty: there is nothing to learn from'],
    [
      () => `text:${fileOf(Uint8Array.of(0x61, 0x0a, 0x62, 0xff, 0x0a))}`,
      "line 2: no UTF-8 text: give the file's encoding (encoding=latin1, say), or convert it",
    ],
    [() => `text:${fileOf(Uint8Array.of(0xff, 0xfe, 0x41))}`, 'is not utf-16le text'],
    [() => `text:${fileOf(Uint8Array.of(0x61, 0, 0x62, 0))}`, 'line 1: a NUL character'],
    [
      () => `text:${ten()}?length=9`,
      'is too short: its training part has 9 characters, a window of length 9',
    ],
    [() => `text:${ten()}?length=2`, 'its test part has 1 characters, a window of length 2 needs 3'],
    [() => `text:${ten()}?size=2`, 'unknown option size; known are length, stride, test'],
    [() => `text:${ten()}?length=0`, 'length must be a whole number of at least 1'],
    [() => `text:${ten()}?test=1`, 'test must be a share between 0 and 1, not 1'],
    [
      () => `text:${fileOf('x'.repeat(1_000_000))}?length=2000&stride=1`,
      'give a larger --data option stride',
    ],
  ])('%s is refused in words', async (spec, message) => {
    await expect(openData(typeof spec === 'string' ? spec : spec())).rejects.toThrow(message);
  });
});

const shakespeare = sharedData('tinyshakespeare/input.txt');
it.skipIf(shakespeare.absent)('Tiny Shakespeare has 65 characters and 1,115,394 of them', async () => {
  const { label, train, test } = await openData(`text:${shakespeare.path}`);
  expect(label.kind === 'class' && label.classes).toBe(65);
  expect(train.count).toBe(Math.floor((1_003_855 - 1) / 64));
  expect(test.count).toBe(Math.floor((111_539 - 1) / 64));
  const names = (label as { names: string[] }).names;
  expect([...train.x.subarray(0, 14)].map((token) => names[token]).join('')).toBe('First Citizen:');
});
