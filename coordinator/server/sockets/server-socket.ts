/** A WebSocket as far as a connection uses it: adapters stand beside it, tests have theirs without a network. */

export interface SocketEvents {
  /**
   * Where the rest of a binary message shall lie that begins with `head`, of 16 bytes; undefined: it does not matter.
   * `later`: nothing more is to be read until it is `named`. Not every adapter asks.
   */
  place(head: Uint8Array): Uint8Array | undefined | 'later';
  /** A message, valid until this returns: whole, or its head where `body` lies in its place. */
  received(bytes: Uint8Array, isBinary: boolean, body?: Uint8Array): void;
  /** Bytes came that are no message's: pings and pongs, headers, and what keeps a message from ending. */
  beside(bytes: number): void;
  /** The far end broke the WebSocket protocol; `closed` follows. */
  broken(why: 'messageTooLong' | 'brokenWebSocket'): void;
  closed(code: number, reason: string): void;
}

export interface ServerSocket {
  isOpen(): boolean;
  bufferedBytes(): number;
  /** @param sent is called once the socket has taken all bytes, and not at all where it could not */
  send(bytes: Uint8Array, sent: () => void): void;
  /** Sends one message of two parts, as they lie. @param sent as above */
  sendFrame(header: Uint8Array, body: Uint8Array, sent: () => void): void;
  close(code: number, reason: string): void;
  /** The place that was to be named `later`; absent: no place can be. */
  named?(place: Uint8Array | undefined): void;
  /** Called once: who hears what happens. */
  listen(events: SocketEvents): void;
}

/** ...as far as the server around it does. */
export interface OpenSocket extends ServerSocket {
  /** Tells `watcher` of the bytes that are read, as they come; undefined: no more. */
  watch(watcher: ((bytes: number) => void) | undefined): void;
  /** Reads no more. */
  pause(): void;
  /** Ends it without a word. */
  terminate(): void;
}
