/** A connection to the coordinator, as the neutral parts know it. */
import type { UploadSocket } from './uploads.js';

/** What a connection tells, in this order: `opened` at most once, `received` as often, `closed` once. */
export interface ConnectionEvents {
  opened(): void;
  received(bytes: Uint8Array): void;
  /** `reason` is in words, or empty where only the code is known. */
  closed(code: number, reason: string): void;
}

export interface Connection {
  socket: UploadSocket;
  close(code: number, reason: string): void;
}
