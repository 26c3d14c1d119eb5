/**
 * Tensor data on the wire: one binary WebSocket message per chunk, a 16-byte little-endian header and
 * then raw float32, so that a view at offset 16 is aligned; or coded gradients or weights (shared/numerics/codec/). No
 * control message can be mistaken for one: a msgpack map starts with a byte of at least 0x80, a frame with its type,
 * below 0x80.
 */
import { CHUNK_ELEMENTS } from '../numerics/chunk-size.js';

export const HEADER_BYTES = 16;
/** The length of a full chunk; no longer frame is accepted. */
export const MAX_FRAME_BYTES = HEADER_BYTES + 4 * CHUNK_ELEMENTS;

/** Wire values: written out, never an enum's order. */
export const FRAME_CONTRIBUTION = 0x01;
export const FRAME_WEIGHTS = 0x02;
export const FRAME_AVERAGED_WEIGHTS = 0x03;
const DTYPE_FLOAT32 = 0x01;

/** How a body may be coded, and in which frames. */
const CODINGS = {
  int8: { dtype: 0x02, type: FRAME_CONTRIBUTION },
  bf16: { dtype: 0x05, type: FRAME_WEIGHTS },
  delta8: { dtype: 0x06, type: FRAME_WEIGHTS },
  delta4: { dtype: 0x07, type: FRAME_WEIGHTS },
} as const;

export type Coding = keyof typeof CODINGS;
export type FrameType = typeof FRAME_CONTRIBUTION | typeof FRAME_WEIGHTS | typeof FRAME_AVERAGED_WEIGHTS;

export interface FrameHeader {
  type: FrameType;
  /** Contribution: the node of the reduction tree. Otherwise 0. */
  node: number;
  /** Index of the chunk of the flat vector. */
  chunk: number;
  /** Contribution: its step. Weights: their version. */
  step: number;
  /** How the body is coded; absent: it is float32. */
  coding?: Coding;
}

export interface Frame extends FrameHeader {
  body: Uint8Array;
}

export class FrameError extends Error {}

export function isFrame(message: Uint8Array): boolean {
  return message.length > 0 && message[0]! < 0x80;
}

/** A header of its own. */
export function newHeader(header: FrameHeader, bodyBytes: number): Uint8Array<ArrayBuffer> {
  const into = new Uint8Array(HEADER_BYTES);
  writeHeader(into, header, bodyBytes);
  return into;
}

export function writeHeader(into: Uint8Array, header: FrameHeader, bodyBytes: number): void {
  const view = new DataView(into.buffer, into.byteOffset, HEADER_BYTES);
  view.setUint8(0, header.type);
  view.setUint8(1, header.coding ? CODINGS[header.coding].dtype : DTYPE_FLOAT32);
  view.setUint16(2, header.node, true);
  view.setUint32(4, header.chunk, true);
  view.setUint32(8, bodyBytes, true);
  view.setUint32(12, header.step, true);
}

/**
 * @param message whole; or its header, where `rest` is what follows
 * @throws FrameError naming the field that is wrong. The body is a view, not a copy.
 */
export function readFrame(message: Uint8Array, rest?: Uint8Array): Frame {
  const { bodyBytes, ...header } = readHeader(message);
  const body = rest ?? message.subarray(HEADER_BYTES);
  if (bodyBytes !== body.length)
    throw new FrameError(`the header says ${bodyBytes} bytes of body, the frame has ${body.length}`);
  return { ...header, body };
}

/** The header of a frame that is on its way; undefined: what comes is none, which is told once all of it is here. */
export function peekHeader(message: Uint8Array): (FrameHeader & { bodyBytes: number }) | undefined {
  try {
    return isFrame(message) ? readHeader(message) : undefined;
  } catch {
    return undefined;
  }
}

/** @throws FrameError naming the field that is wrong */
export function readHeader(message: Uint8Array): FrameHeader & { bodyBytes: number } {
  if (message.length < HEADER_BYTES) {
    throw new FrameError(`a frame has at least ${HEADER_BYTES} bytes, this one ${message.length}`);
  }
  const view = new DataView(message.buffer, message.byteOffset, HEADER_BYTES);
  const type = view.getUint8(0);
  if (type !== FRAME_CONTRIBUTION && type !== FRAME_WEIGHTS && type !== FRAME_AVERAGED_WEIGHTS) {
    throw new FrameError(`unknown frame type 0x${type.toString(16)}`);
  }
  const dtype = view.getUint8(1);
  const coding = codingOf(dtype, type);
  if (dtype !== DTYPE_FLOAT32 && !coding) throw new FrameError(`unknown dtype ${dtype}`);
  return {
    type,
    node: view.getUint16(2, true),
    chunk: view.getUint32(4, true),
    step: view.getUint32(12, true),
    bodyBytes: view.getUint32(8, true),
    ...(coding ? { coding } : {}),
  };
}

function codingOf(dtype: number, type: FrameType): Coding | undefined {
  const names = Object.keys(CODINGS) as Coding[];
  return names.find((name) => CODINGS[name].dtype === dtype && CODINGS[name].type === type);
}
