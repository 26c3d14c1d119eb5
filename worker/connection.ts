/** A connection to the coordinator, as the neutral parts know it. */
import type { InProcessEvents } from '../shared/protocol/in-process.js';
import type { UploadSocket } from './sending/uploads.js';

/** What a connection tells, in this order: `opened` at most once, `received` as often, `closed` once. */
export interface ConnectionEvents {
  opened(): void;
  /** Where the rest of a message shall lie that begins with `head`, of 16 bytes. Not every adapter asks. */
  place?(head: Uint8Array): Uint8Array | undefined;
  /** @param bytes a message, valid until this returns: whole, or its head where `body` lies in its place */
  received(bytes: Uint8Array, body?: Uint8Array): void;
  /** What a coordinator in this process hands over as it is, in place of messages. */
  told?: InProcessEvents['told'];
  held?: InProcessEvents['held'];
  /** `reason` is in words, or empty where only the code is known. */
  closed(code: number, reason: string): void;
}

export interface Connection {
  socket: UploadSocket;
  close(code: number, reason: string): void;
}
