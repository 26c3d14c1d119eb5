/**
 * Reads WebSocket frames (RFC 6455) from a stream of bytes that may be cut anywhere: bytes in, messages and violations
 * out. Knows no socket and no clock.
 *
 * Stricter than many readers in one point: a length must be told in its shortest form. Knows no extensions, so
 * all reserved bits must be zero. Whether text is UTF-8 is found out at the end of the message.
 */
import { isUtf8 } from 'node:buffer';
import { type Close, readClose } from './close-payload.js';
import {
  type FrameStart,
  faultOfStart,
  frameStart,
  MAX_CONTROL_PAYLOAD,
  MAX_HEADER_BYTES,
  OPCODE,
  payloadLength,
} from './frame-header.js';
import { MessageAssembly, type Place } from './message-assembly.js';

/** What is to be told to the far end, and why: 1002 broken protocol, 1007 no UTF-8, 1009 too long. */
export interface Violation {
  code: 1002 | 1007 | 1009;
  text: string;
}

/** Hears what has come, in order. Bytes are valid until the call returns. */
export interface FrameEvents {
  place: Place;
  /** @param message whole; or its head, where `body` lies in the place that was named for it */
  message(message: Uint8Array, isBinary: boolean, body: Uint8Array | undefined): void;
  ping(payload: Uint8Array): void;
  /** The last that is read. */
  close(close: Close): void;
  /** ...or this is. */
  violation(violation: Violation): void;
}

export interface FrameReaderOptions {
  /** Whether the far end is a client, which must mask. */
  isServer: boolean;
  maxMessageBytes: number;
}

const NO_MASK = new Uint8Array(4);
const NOTHING = new Uint8Array(0);

export class FrameReader {
  private readonly header = new Uint8Array(MAX_HEADER_BYTES);
  private headerBytes = 0;
  private frame: FrameStart | undefined;
  /** Bytes of the frame's payload, and how many of them are here; undefined: its header is not here yet. */
  private payload: { length: number; taken: number; mask: Uint8Array } | undefined;
  private readonly control = new Uint8Array(MAX_CONTROL_PAYLOAD);
  private readonly assembly: MessageAssembly;
  /** Payload bytes of the message that has begun, as its frames tell; undefined: none has. */
  private messageBytes: number | undefined;
  /** What came and is not read until a place is named. */
  private held = NOTHING;
  private isOver = false;

  constructor(
    private readonly options: FrameReaderOptions,
    private readonly events: FrameEvents,
  ) {
    this.assembly = new MessageAssembly((head) => events.place(head));
  }

  /**
   * The next bytes of the stream. After a close or a violation nothing is read any more; what comes while a place is to
   * be named is kept until it is, so as little as possible should.
   */
  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length && !this.isOver && !this.isHeld)
      at = this.payload ? this.takePayload(bytes, at) : this.takeHeader(bytes, at);
    if (this.isHeld && at < bytes.length) this.held = Buffer.concat([this.held, bytes.subarray(at)]);
  }

  /** Whether a place is to be named before anything more is read. */
  get isHeld(): boolean {
    return this.assembly.isHeld;
  }

  /** Whether the next bytes are the header of a frame, or wait until a place is named: few are to be read then. */
  get isBetween(): boolean {
    return this.isHeld || !this.payload;
  }

  /** The place that was to be named is this. What has been held is read on. */
  named(place: Uint8Array | undefined): void {
    const { payload, frame, held } = this;
    this.assembly.named(place);
    this.held = NOTHING;
    if (payload?.taken === payload?.length) this.end(frame!, payload!);
    this.push(held);
  }

  /**
   * Where the next bytes of the stream may be written instead of being pushed: all belong to one frame, whose body has
   * its place there. Until then nothing is to be pushed.
   * @param least undefined where fewer bytes than that are left of the frame
   */
  room(least: number): Uint8Array | undefined {
    const { payload, frame } = this;
    if (this.isOver || !payload || isControl(frame!)) return undefined;
    const left = payload.length - payload.taken;
    return left < least ? undefined : this.assembly.room(left);
  }

  /** The next bytes of the stream, so many, are there. */
  filled(bytes: number): void {
    const payload = this.payload!;
    this.assembly.filled(bytes, payload.mask, payload.taken);
    payload.taken += bytes;
    if (payload.taken === payload.length) this.end(this.frame!, payload);
  }

  private takeHeader(bytes: Uint8Array, from: number): number {
    const { header } = this;
    for (let at = from; at < bytes.length; ) {
      header[this.headerBytes++] = bytes[at++]!;
      if (this.headerBytes === 2) this.start();
      const { frame } = this;
      if (frame && this.headerBytes === frame.lengthEnd) this.checkLength(frame);
      if (this.isOver) return at;
      if (this.headerBytes !== frame?.headerBytes) continue;
      this.begin(frame);
      return at;
    }
    return bytes.length;
  }

  private start(): void {
    const [first, second] = [this.header[0]!, this.header[1]!];
    const state = { isServer: this.options.isServer, isContinued: this.messageBytes !== undefined };
    const fault = faultOfStart([first, second], state);
    if (fault) return this.violated(1002, fault);
    this.frame = frameStart(first, second);
  }

  private checkLength(frame: FrameStart): void {
    const length = payloadLength(this.header, frame);
    if (length === undefined) return this.violated(1002, 'a length that is not in its shortest form');
    if (isControl(frame)) return;
    const whole = (this.messageBytes ?? 0) + length;
    if (whole > this.options.maxMessageBytes) this.violated(1009, `a message of ${whole} bytes`);
  }

  private begin(frame: FrameStart): void {
    const { header } = this;
    const length = payloadLength(header, frame)!;
    const mask = frame.isMasked ? header.slice(frame.lengthEnd, frame.headerBytes) : NO_MASK;
    this.headerBytes = 0;
    this.payload = { length, taken: 0, mask };
    if (!isControl(frame)) {
      if (this.messageBytes === undefined) this.assembly.begin(frame.opcode === OPCODE.binary);
      this.messageBytes = (this.messageBytes ?? 0) + length;
    }
    if (length === 0) this.end(frame, this.payload);
  }

  private takePayload(bytes: Uint8Array, from: number): number {
    const payload = this.payload!;
    const frame = this.frame!;
    const to = Math.min(bytes.length, from + payload.length - payload.taken);
    const part = bytes.subarray(from, to);
    let { length } = part;
    if (isControl(frame)) {
      for (let i = 0; i < length; i++)
        this.control[payload.taken + i] = part[i]! ^ payload.mask[(payload.taken + i) & 3]!;
    } else length = this.assembly.take(part, payload.mask, payload.taken, this.messageBytes!);
    payload.taken += length;
    if (payload.taken === payload.length && !this.isHeld) this.end(frame, payload);
    return from + length;
  }

  /** The frame is here. */
  private end(frame: FrameStart, { length }: { length: number }): void {
    this.payload = undefined;
    this.frame = undefined;
    if (isControl(frame)) return this.endControl(frame.opcode, this.control.subarray(0, length));
    if (!frame.isFinal) return;
    this.messageBytes = undefined;
    const { message, isBinary, body } = this.assembly.end();
    if (isBinary || isUtf8(message)) this.events.message(message, isBinary, body);
    else this.violated(1007, 'a text that is no UTF-8');
  }

  private endControl(opcode: number, payload: Uint8Array): void {
    if (opcode === OPCODE.ping) return this.events.ping(payload);
    // A pong that nobody asked for is allowed, and means nothing.
    if (opcode === OPCODE.pong) return;
    const close = readClose(payload);
    if ('fault' in close) return this.violated(close.fault, close.text);
    this.isOver = true;
    this.events.close(close);
  }

  private violated(code: Violation['code'], text: string): void {
    this.isOver = true;
    this.events.violation({ code, text });
  }
}

const isControl = ({ opcode }: FrameStart): boolean => opcode >= OPCODE.close;
