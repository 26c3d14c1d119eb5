import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { crc32c } from './crc32c.js';
import { encodeRecord, FILE_VERSION, type SummaryValue } from './event.js';

/** By TensorBoard's own writer: `events.py`. */
const byTensorBoard: Record<string, string> = JSON.parse(
  readFileSync(new URL('fixtures/events.json', import.meta.url), 'utf8'),
);
const wallTime = 1764500000.25;
const of = (step: number, ...summary: SummaryValue[]) => ({ step, wallTime, summary });

describe("an event has the bytes of TensorBoard's own writer:", () => {
  it.each([
    ['version', { step: 0, wallTime, fileVersion: FILE_VERSION }],
    ['start', { step: 401, wallTime, start: true as const }],
    ['scalars', of(3, { tag: 'loss', scalar: 0.1 }, { tag: 'accuracy', scalar: 0 })],
    [
      'histogram',
      of(300, {
        tag: 'weights/dense',
        histogram: {
          ...{ min: -1, max: 2, count: 6, sum: 3, sumOfSquares: 9.5 },
          ...{ limits: [0, 1, 2], counts: [1, 2, 3] },
        },
      }),
    ],
    [
      'picture',
      of(2 ** 40, {
        tag: 'mistakes/1',
        picture: { height: 2, width: 3, channels: 1, png: Uint8Array.of(1, 2, 3) },
      }),
    ],
    ['text', of(7, { tag: 'mistakes', text: 'four → nine' })],
  ])('%s', (name, event) => {
    expect(encodeRecord(event).toString('base64')).toBe(byTensorBoard[name]);
  });
});

describe('CRC-32C', () => {
  it.each([
    ['123456789', 0xe3069283],
    ['\0'.repeat(32), 0x8a9136aa],
    ['\xff'.repeat(32), 0x62a8ab43],
    ['', 0],
  ])('has the value that RFC 3720 and others give for %j', (text, expected) => {
    expect(crc32c(Buffer.from(text, 'latin1'))).toBe(expected);
  });
});
