/** WebSocket frames as bytes, right and wrong: a library would make none of the wrong ones. */
import { createHash } from 'node:crypto';
import type { Random } from '../../../shared/numerics/random.js';

const KEY = Buffer.alloc(16).toString('base64');

export const HANDSHAKE = Buffer.from(
  [
    'GET /swarm HTTP/1.1',
    'Host: localhost',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${KEY}`,
    '',
    '',
  ].join('\r\n'),
);

const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
const FIN = 0x80;
const MASKED = 0x80;

/** A client's frame. The mask is 0, which changes nothing and is as good as any. */
function clientFrame(first: number, payload: Uint8Array, lengthTold = payload.length, mask = MASKED): Buffer {
  const long = lengthTold > 65_535;
  const head = Buffer.alloc((lengthTold < 126 ? 2 : long ? 10 : 4) + (mask ? 4 : 0));
  head[0] = first;
  head[1] = mask + (lengthTold < 126 ? lengthTold : long ? 127 : 126);
  if (long) head.writeBigUInt64BE(BigInt(lengthTold), 2);
  else if (lengthTold > 125) head.writeUInt16BE(lengthTold, 2);
  return Buffer.concat([head, payload]);
}

export const message = (payload: Uint8Array): Buffer => clientFrame(FIN | OPCODE.binary, payload);
/** Its number comes back with the answer. */
export const ping = (number: number): Buffer => {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(number);
  return clientFrame(FIN | OPCODE.ping, payload);
};

/** A message in two pieces, with a ping between them: right, and seldom seen. */
export function inPieces(payload: Uint8Array, random: Random): Buffer {
  const at = random.below(payload.length + 1);
  return Buffer.concat([
    clientFrame(OPCODE.binary, payload.subarray(0, at)),
    clientFrame(FIN | OPCODE.ping, new Uint8Array(1)),
    clientFrame(FIN | OPCODE.continuation, payload.subarray(at)),
  ]);
}

/** What the protocol of WebSockets forbids, or our own (text). */
export function broken(payload: Uint8Array, random: Random): Buffer {
  const code = Buffer.alloc(2);
  code.writeUInt16BE([0, 999, 1005, 1006, 1015, 2999, 5000, 65_535][random.below(8)]!);
  const all = [
    () => clientFrame(FIN | OPCODE.text, payload),
    () => clientFrame(FIN | OPCODE.binary, payload, payload.length, 0),
    () => clientFrame(FIN | 0x40 | OPCODE.binary, payload),
    () => clientFrame(FIN | [3, 7, 11, 15][random.below(4)]!, payload),
    () => clientFrame(FIN | OPCODE.continuation, payload),
    () => clientFrame(OPCODE.ping, payload),
    () => clientFrame(FIN | OPCODE.ping, new Uint8Array(126)),
    () => clientFrame(FIN | OPCODE.binary, payload, (1 << 20) + 1 + random.below(1000)),
    () => clientFrame(FIN | OPCODE.binary, payload, Number.MAX_SAFE_INTEGER),
    () => clientFrame(FIN | OPCODE.close, code),
    () => clientFrame(FIN | OPCODE.close, new Uint8Array(1)),
    () => Buffer.concat([clientFrame(OPCODE.binary, payload), clientFrame(OPCODE.binary, payload)]),
  ];
  return all[random.below(all.length)]!();
}

export type Told =
  | { kind: 'message'; payload: Buffer }
  | { kind: 'pong'; number: number }
  | { kind: 'close'; code: number };

/** Reads what a server sends: first its answer to the handshake, then frames, which have no mask. */
export class ServerReader {
  private bytes: Buffer = Buffer.alloc(0);
  private isOpen = false;
  /** Of a message in fragments. */
  private fragments: Buffer[] = [];

  /** @throws Error for an answer that is no upgrade, or a frame that no server may send */
  *read(more: Buffer): Generator<Told> {
    this.bytes = this.bytes.length === 0 ? more : Buffer.concat([this.bytes, more]);
    if (!this.isOpen && !this.upgraded()) return;
    for (let frame = this.next(); frame; frame = this.next()) {
      const { opcode, payload, isLast } = frame;
      // A continuation goes on with something, and nothing else stands between.
      if (opcode === (this.fragments.length > 0 ? OPCODE.continuation : OPCODE.binary)) {
        this.fragments.push(payload);
        if (isLast) yield { kind: 'message', payload: Buffer.concat(this.fragments.splice(0)) };
      } else if (opcode === OPCODE.pong)
        yield { kind: 'pong', number: payload.length < 4 ? 0 : payload.readUInt32BE(0) };
      else if (opcode === OPCODE.close)
        yield { kind: 'close', code: payload.length < 2 ? 1005 : payload.readUInt16BE(0) };
      else throw new Error(`a frame with opcode ${opcode} from the coordinator`);
    }
  }

  private upgraded(): boolean {
    const end = this.bytes.indexOf('\r\n\r\n');
    if (end < 0) return false;
    const head = this.bytes.subarray(0, end).toString('latin1');
    if (!head.startsWith('HTTP/1.1 101') || !head.includes(ACCEPT)) throw new Error(`no upgrade: ${head}`);
    this.bytes = this.bytes.subarray(end + 4);
    this.isOpen = true;
    return true;
  }

  private next(): { opcode: number; payload: Buffer; isLast: boolean } | undefined {
    const { bytes } = this;
    if (bytes.length < 2) return undefined;
    const short = bytes[1]! & 0x7f;
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length < head) return undefined;
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    if (bytes.length < head + length) return undefined;
    this.bytes = bytes.subarray(head + length);
    const payload = bytes.subarray(head, head + length);
    return { opcode: bytes[0]! & 0x0f, payload, isLast: (bytes[0]! & FIN) !== 0 };
  }
}

const ACCEPT = createHash('sha1').update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
