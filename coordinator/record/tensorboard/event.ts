/**
 * Events as TensorBoard reads them: the few messages of event.proto and summary.proto that are needed, in the frames of
 * TFRecord (length, its checksum, bytes, their checksum).
 */
import protobuf from 'protobufjs/minimal.js';
import { maskedCrc32c } from './crc32c.js';

export interface Histogram {
  min: number;
  max: number;
  count: number;
  sum: number;
  sumOfSquares: number;
  /** The upper border of each bin, and how many values are in it. */
  limits: readonly number[];
  counts: readonly number[];
}

/** A PNG file. */
export interface Picture {
  height: number;
  width: number;
  /** 1 grey, 3 RGB. */
  channels: number;
  png: Uint8Array;
}

export type SummaryValue = { tag: string } & (
  | { scalar: number }
  | { histogram: Histogram }
  | { picture: Picture }
  | { text: string }
);

export type TensorBoardEvent = { step: number /** Seconds since 1970. */; wallTime: number } & (
  | { summary: readonly SummaryValue[] }
  /** The first of a file. */
  | { fileVersion: string }
  /** What other files have at this step and later is of a future that never was. */
  | { start: true }
);

/** Later ones may purge what a resumed run makes again. */
export const FILE_VERSION = 'brain.Event:2';
/** SessionLog.SessionStatus */
const SESSION_START = 1;
/** DataType */
const DT_STRING = 7;

type Writer = ReturnType<typeof protobuf.Writer.create>;

// As proto3 does, a field that is 0 is left out, except in a choice of fields.
const varint = (field: number): number => field << 3;
const fixed64 = (field: number): number => (field << 3) | 1;
const bytes = (field: number): number => (field << 3) | 2;
const fixed32 = (field: number): number => (field << 3) | 5;

function message(writer: Writer, field: number, write: () => void): void {
  writer.uint32(bytes(field)).fork();
  write();
  writer.ldelim();
}

/** An event in its frame, as it stands in a file. */
export function encodeRecord(event: TensorBoardEvent): Buffer {
  const body = encodeEvent(event);
  const record = Buffer.alloc(body.length + 16);
  record.writeBigUInt64LE(BigInt(body.length), 0);
  record.writeUInt32LE(maskedCrc32c(record.subarray(0, 8)), 8);
  record.set(body, 12);
  record.writeUInt32LE(maskedCrc32c(body), 12 + body.length);
  return record;
}

function encodeEvent(event: TensorBoardEvent): Uint8Array {
  const writer = protobuf.Writer.create();
  writer.uint32(fixed64(1)).double(event.wallTime);
  if (event.step !== 0) writer.uint32(varint(2)).int64(event.step);
  if ('fileVersion' in event) writer.uint32(bytes(3)).string(event.fileVersion);
  else if ('start' in event) message(writer, 7, () => writer.uint32(varint(1)).int32(SESSION_START));
  else {
    message(writer, 5, () => {
      for (const value of event.summary) message(writer, 1, () => writeValue(writer, value));
    });
  }
  return writer.finish();
}

function writeValue(writer: Writer, value: SummaryValue): void {
  writer.uint32(bytes(1)).string(value.tag);
  if ('scalar' in value) writer.uint32(fixed32(2)).float(value.scalar);
  else if ('picture' in value) message(writer, 4, () => writePicture(writer, value.picture));
  else if ('histogram' in value) message(writer, 5, () => writeHistogram(writer, value.histogram));
  else writeText(writer, value.text);
}

function writePicture(writer: Writer, { height, width, channels, png }: Picture): void {
  writer.uint32(varint(1)).int32(height);
  writer.uint32(varint(2)).int32(width);
  writer.uint32(varint(3)).int32(channels);
  writer.uint32(bytes(4)).bytes(png);
}

function writeHistogram(writer: Writer, histogram: Histogram): void {
  const { min, max, count, sum, sumOfSquares, limits, counts } = histogram;
  for (const [i, number] of [min, max, count, sum, sumOfSquares].entries())
    if (number !== 0) writer.uint32(fixed64(i + 1)).double(number);
  for (const [field, numbers] of [
    [6, limits],
    [7, counts],
  ] as const) {
    message(writer, field, () => {
      for (const number of numbers) writer.double(number);
    });
  }
}

/** A tensor of one string, which the metadata give to the plugin for text. */
function writeText(writer: Writer, text: string): void {
  message(writer, 8, () => {
    writer.uint32(varint(1)).int32(DT_STRING);
    writer.uint32(bytes(8)).string(text);
  });
  message(writer, 9, () => message(writer, 1, () => writer.uint32(bytes(1)).string('text')));
}
