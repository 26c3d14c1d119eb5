/** What a close frame carries (RFC 6455, sections 5.5.1 and 7.4): nothing, or a code and a reason in UTF-8. */
import { isUtf8 } from 'node:buffer';
import { MAX_CONTROL_PAYLOAD } from './frame-header.js';

/** Stands for a close without a code; never sent. */
export const NO_CODE = 1005;
/** Stands for a connection that ended without a close frame; never sent. */
export const CUT_OFF = 1006;

export interface Close {
  code: number;
  reason: string;
}

const isValidCode = (code: number): boolean =>
  (code >= 1000 && code <= 1014 && ![1004, NO_CODE, CUT_OFF].includes(code)) ||
  (code >= 3000 && code <= 4999);

/** @param payload none, or at least two bytes. @returns the fault instead where it is against the protocol */
export function readClose(payload: Uint8Array): Close | { fault: 1002 | 1007; text: string } {
  if (payload.length === 0) return { code: NO_CODE, reason: '' };
  const code = (payload[0]! << 8) | payload[1]!;
  if (!isValidCode(code)) return { fault: 1002, text: `invalid close code ${code}` };
  const reason = payload.subarray(2);
  if (!isUtf8(reason)) return { fault: 1007, text: 'a close reason that is no UTF-8' };
  return { code, reason: new TextDecoder('utf-8', { ignoreBOM: true }).decode(reason) };
}

/** @throws RangeError if the reason has more than 123 bytes */
export function writeClose({ code, reason }: Close): Buffer {
  if (code === NO_CODE) return Buffer.alloc(0);
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
  if (payload.length > MAX_CONTROL_PAYLOAD) throw new RangeError('a close reason of more than 123 bytes');
  payload.writeUInt16BE(code, 0);
  payload.write(reason, 2);
  return payload;
}
