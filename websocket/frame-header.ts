/** The header of a WebSocket frame (RFC 6455, section 5.2): written here, and judged where it comes in. */

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Payload bytes of a close, a ping or a pong, at most. */
export const MAX_CONTROL_PAYLOAD = 125;
/** Two bytes, eight of length, four of mask. */
export const MAX_HEADER_BYTES = 14;

const FINAL = 0x80;
const MASKED = 0x80;
const RESERVED = 0x70;
const MASK_BYTES = 4;
/** In place of a length: it follows, in two bytes or in eight. */
const [LENGTH_IN_2, LENGTH_IN_8] = [126, 127];

/**
 * The header of a whole message. A client's mask is zero, which leaves the payload as it is: masks guard proxies
 * against what scripts in browsers send, and no script chooses what we send.
 */
export function messageHeader(opcode: number, payloadBytes: number, isMasked: boolean): Buffer {
  const lengthBytes = payloadBytes <= MAX_CONTROL_PAYLOAD ? 0 : payloadBytes < 2 ** 16 ? 2 : 8;
  const header = Buffer.alloc(2 + lengthBytes + (isMasked ? MASK_BYTES : 0));
  header[0] = FINAL | opcode;
  header[1] = [payloadBytes, 0, LENGTH_IN_2][lengthBytes] ?? LENGTH_IN_8;
  if (isMasked) header[1] |= MASKED;
  if (lengthBytes === 2) header.writeUInt16BE(payloadBytes, 2);
  if (lengthBytes === 8) header.writeUIntBE(payloadBytes, 4, 6);
  return header;
}

export interface FrameStart {
  isFinal: boolean;
  opcode: number;
  isMasked: boolean;
  /** What the second byte says of the length. */
  shortLength: number;
  /** Bytes of the header up to the mask. */
  lengthEnd: number;
  headerBytes: number;
}

export function frameStart(first: number, second: number): FrameStart {
  const shortLength = second & ~MASKED;
  const isMasked = (second & MASKED) !== 0;
  const lengthEnd = shortLength === LENGTH_IN_8 ? 10 : shortLength === LENGTH_IN_2 ? 4 : 2;
  const headerBytes = lengthEnd + (isMasked ? MASK_BYTES : 0);
  return {
    ...{ isFinal: (first & FINAL) !== 0, opcode: first & 0x0f },
    ...{ isMasked, shortLength, lengthEnd, headerBytes },
  };
}

/**
 * @param isServer who reads is the server: what comes must be masked, and otherwise must not be
 * @param isContinued a message has begun, and not ended
 * @returns what of the first two bytes is against the protocol; undefined: nothing
 */
export function faultOfStart(
  [first, second]: readonly [number, number],
  { isServer, isContinued }: { isServer: boolean; isContinued: boolean },
): string | undefined {
  const { isFinal, opcode, isMasked, shortLength } = frameStart(first, second);
  if ((first & RESERVED) !== 0) return 'a reserved bit is set';
  if (isMasked !== isServer) return isServer ? 'a frame without a mask' : 'a masked frame';
  switch (opcode) {
    case OPCODE.continuation:
      return isContinued ? undefined : 'a fragment without a beginning';
    case OPCODE.text:
    case OPCODE.binary:
      return isContinued ? 'a message within another one' : undefined;
    case OPCODE.close:
    case OPCODE.ping:
    case OPCODE.pong:
      if (!isFinal) return 'a control frame in fragments';
      if (shortLength > MAX_CONTROL_PAYLOAD) return 'a control frame that is too long';
      return opcode === OPCODE.close && shortLength === 1 ? 'half a close code' : undefined;
    default:
      return `unknown opcode ${opcode}`;
  }
}

/** @returns bytes of the payload, which may be more than a number can tell exactly; undefined: not told as the protocol asks */
export function payloadLength(
  header: Uint8Array,
  { shortLength, lengthEnd }: FrameStart,
): number | undefined {
  if (lengthEnd === 2) return shortLength;
  const view = new DataView(header.buffer, header.byteOffset, lengthEnd);
  // The shortest form is asked for; the highest bit of the longest one must be zero.
  if (lengthEnd === 4) {
    const length = view.getUint16(2);
    return length > MAX_CONTROL_PAYLOAD ? length : undefined;
  }
  const high = view.getUint32(2);
  const length = high * 2 ** 32 + view.getUint32(6);
  return high < 2 ** 31 && length >= 2 ** 16 ? length : undefined;
}
