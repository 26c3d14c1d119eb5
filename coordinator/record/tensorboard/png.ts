/** Pixels as a PNG file (RFC 2083), without filters: for pictures as small as those of a data set. */
import { crc32, deflateSync } from 'node:zlib';

export interface Pixels {
  height: number;
  width: number;
  /** 1 grey, 3 RGB. */
  channels: number;
  /** Row by row, the channels of a pixel together. */
  pixels: Uint8Array;
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const BIT_DEPTH = 8;
const COLOR_TYPES: Readonly<Record<number, number>> = { 1: 0, 3: 2 };

/** @throws RangeError for other than 1 or 3 channels */
export function encodePng({ height, width, channels, pixels }: Pixels): Buffer {
  const colorType = COLOR_TYPES[channels];
  if (colorType === undefined) throw new RangeError(`${channels} channels are neither grey nor RGB`);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([BIT_DEPTH, colorType], 8);
  const rowBytes = width * channels;
  // Each row begins with its filter: 0, none.
  const rows = Buffer.alloc(height * (1 + rowBytes));
  for (let row = 0; row < height; row++)
    rows.set(pixels.subarray(row * rowBytes, (row + 1) * rowBytes), row * (1 + rowBytes) + 1);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const whole = Buffer.alloc(body.length + 8);
  whole.writeUInt32BE(data.length, 0);
  whole.set(body, 4);
  whole.writeUInt32BE(crc32(body), 4 + body.length);
  return whole;
}
