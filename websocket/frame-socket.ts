/**
 * A WebSocket over a connected socket of Node, after the handshake: our own reader and writer of frames (RFC 6455).
 *
 * All that one turn of the event loop sends leaves in one system call. Says and hears the closing handshake, and cuts off who does not answer it.
 */
import type { Socket } from 'node:net';
import { type Close, CUT_OFF, NO_CODE, writeClose } from './close-payload.js';
import { messageHeader, OPCODE } from './frame-header.js';
import { FrameReader, type Violation } from './frame-reader.js';
import type { Place, Placement } from './message-assembly.js';
import { readInPlace } from './read-in-place.js';

/** Fewer bytes of a body than these are read with what follows them, and copied: that costs less than one more read. */
const PLACED_BYTES = 16 << 10;
/**
 * Both have said their last word and it has left: a far end whose machine is gone cannot close the line any more. As
 * long as browsers wait for it.
 */
const LINE_CLOSED_WITHIN_MS = 2_000;

export interface FrameSocketOptions {
  isServer: boolean;
  /** Bytes of the longest message that is read. */
  maxMessageBytes: number;
  /** Milliseconds in which the far end must answer a closing handshake. */
  closeTimeoutMs: number;
}

export interface FrameSocketEvents {
  /** Where the rest of a binary message belongs that begins with `head`; `later`: not read before it is `named`. */
  place?: Place;
  /** A message, valid until the call returns: whole, or its head where `body` lies in its place. */
  received(message: Uint8Array, isBinary: boolean, body: Uint8Array | undefined): void;
  /** @param bytes that it carried; it is answered */
  pinged?(bytes: number): void;
  /** The far end broke the WebSocket protocol; `closed` follows. */
  broken?(violation: Violation): void;
  /** Once, as soon as the far end has said its last word, or the line has ended without one. */
  closed(code: number, reason: string): void;
}

export class FrameSocket {
  private events!: FrameSocketEvents;
  private reader!: FrameReader;
  /** What the far end has said last. */
  private farClose: Close | undefined;
  private hasViolated = false;
  private isClosing = false;
  private isTold = false;
  private isCorked = false;
  private watcher: ((bytes: number) => void) | undefined;
  private closeTimer: NodeJS.Timeout | undefined;
  private lineTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly options: FrameSocketOptions,
  ) {
    socket.setTimeout(0);
    socket.setNoDelay(true);
  }

  /** Begins to read. Called once. */
  listen(events: FrameSocketEvents): void {
    const { socket } = this;
    this.events = events;
    this.reader = new FrameReader(this.options, {
      place: (head) => this.placed(events.place?.(head)),
      message: (message, isBinary, body) => events.received(message, isBinary, body),
      ping: (payload) => this.pinged(payload),
      close: (close) => this.hearClose(close),
      violation: (violation) => this.violated(violation),
    });
    const read = (bytes: Buffer) => {
      this.watcher?.(bytes.length);
      this.reader.push(bytes);
    };
    // What came with the handshake is told as `data` in any case.
    socket.on('data', read);
    readInPlace(socket, {
      read,
      room: () => this.reader.room(PLACED_BYTES),
      isBetween: () => this.reader.isBetween,
      filled: (bytes) => {
        this.watcher?.(bytes);
        this.reader.filled(bytes);
      },
    });
    socket.resume();
    // A half-closed line is of no use to either side.
    socket.on('end', () => {
      this.isClosing = true;
      socket.end();
      this.endWithin();
    });
    // `close` follows, and says it.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.ended());
  }

  isOpen(): boolean {
    return !this.isClosing && !this.socket.destroyed;
  }

  /** Bytes that the system has not taken yet. */
  bufferedBytes(): number {
    return this.socket.writableLength;
  }

  /**
   * Sends a binary message of one or two parts. They are not copied: they must stay as they are until they are sent.
   * @param sent is called once the system has taken all bytes, and not at all where it could not
   */
  send(head: Uint8Array, body: Uint8Array | undefined, sent?: () => void): void {
    if (!this.isOpen()) return;
    const header = messageHeader(OPCODE.binary, head.length + (body?.length ?? 0), !this.options.isServer);
    this.cork();
    this.socket.write(header);
    if (body) this.socket.write(head);
    this.socket.write(body ?? head, (error) => {
      if (!error) sent?.();
    });
  }

  /** Begins the closing handshake. What still comes is read. */
  close(code: number, reason: string): void {
    if (!this.isOpen()) return;
    this.isClosing = true;
    this.sendControl(OPCODE.close, writeClose({ code, reason }));
    // Each has said it now, or will say no more.
    if (this.farClose || this.hasViolated) this.end();
    this.endWithin();
  }

  /** Tells `watcher` how many bytes are read, before what they say is; undefined: no more. */
  watch(watcher: ((bytes: number) => void) | undefined): void {
    this.watcher = watcher;
  }

  /** The place that was to be named `later` is this: reads on. */
  named(place: Uint8Array | undefined): void {
    if (this.socket.destroyed) return;
    this.reader.named(place);
    if (!this.reader.isHeld) this.socket.resume();
  }

  /** Reads no more. */
  pause(): void {
    this.socket.pause();
  }

  /** Ends it at once. */
  terminate(): void {
    this.socket.destroy();
  }

  /** What is not read stays with the system, and then with the far end. */
  private placed(place: Placement): Placement {
    if (place === 'later') this.socket.pause();
    return place;
  }

  private pinged(payload: Uint8Array): void {
    this.events.pinged?.(payload.length);
    if (this.isOpen()) this.sendControl(OPCODE.pong, Buffer.from(payload));
  }

  private hearClose(close: Close): void {
    this.farClose = close;
    if (this.isOpen()) this.close(close.code, close.code === NO_CODE ? '' : close.reason);
    else this.end();
    this.tellClosed();
  }

  private violated(violation: Violation): void {
    this.hasViolated = true;
    const wasOpen = this.isOpen();
    this.events.broken?.(violation);
    // Who hears of it may have closed it with a code of its own.
    if (this.isOpen()) this.close(violation.code, violation.text);
    else if (!wasOpen) this.end();
  }

  private ended(): void {
    this.isClosing = true;
    clearTimeout(this.closeTimer);
    clearTimeout(this.lineTimer);
    this.tellClosed();
  }

  private tellClosed(): void {
    if (this.isTold) return;
    this.isTold = true;
    const { code, reason } = this.farClose ?? { code: CUT_OFF, reason: '' };
    this.events.closed(code, reason);
  }

  /** There is nothing more to say: the line is closed once all of it has left. */
  private end(): void {
    this.socket.end(() => {
      if (this.socket.destroyed) return;
      this.lineTimer ??= setTimeout(() => this.socket.destroy(), LINE_CLOSED_WITHIN_MS);
    });
  }

  private endWithin(): void {
    this.closeTimer ??= setTimeout(() => this.socket.destroy(), this.options.closeTimeoutMs);
  }

  private sendControl(opcode: number, payload: Buffer): void {
    this.cork();
    this.socket.write(messageHeader(opcode, payload.length, !this.options.isServer));
    if (payload.length > 0) this.socket.write(payload);
  }

  /** Holds back what is sent until this turn is over. */
  private cork(): void {
    if (this.isCorked) return;
    this.isCorked = true;
    this.socket.cork();
    process.nextTick(() => {
      this.isCorked = false;
      this.socket.uncork();
    });
  }
}
