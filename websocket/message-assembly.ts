/**
 * A message on its way in: its payload is copied once, from the bytes that a socket has read to where it shall lie, or
 * not at all where the socket is read to there.
 *
 * Of a binary message its reader sees the head, and may name the place of all that follows. What has no place, or
 * turns out longer than it, is kept here, in memory that grows as bytes come and never on a mere announcement. Where the
 * place is to be named later, nothing more is taken until then: so its reader bounds what is on its way.
 */
import { HEADER_BYTES } from '../shared/protocol/frame.js';
import { copyUnmasked, unmask } from './unmask.js';

/** So many bytes tell what a binary message is, and where the rest of it belongs. */
const HEAD_BYTES = HEADER_BYTES;

/** Memory that is kept from message to message: that of control messages. */
const KEPT_BYTES = 16 << 10;

/** Where the rest of a message belongs; undefined: nowhere in particular; `later`: it will be named. */
export type Placement = Uint8Array | undefined | 'later';

/** Names the place of what follows `head` in its message. */
export type Place = (head: Uint8Array) => Placement;

export class MessageAssembly {
  private readonly head = new Uint8Array(HEAD_BYTES);
  private kept = new Uint8Array(1 << 10);
  private body: Uint8Array | undefined;
  private isBinary = false;
  /** Bytes that are here. */
  private length = 0;
  /** Whether the place is to be named before more is taken. */
  isHeld = false;

  constructor(private readonly place: Place) {}

  begin(isBinary: boolean): void {
    this.isBinary = isBinary;
    this.length = 0;
    this.body = undefined;
  }

  /**
   * @param mask four bytes
   * @param phase how many bytes of the frame's payload came before
   * @param announced bytes of the message, as its frames have told until now
   * @returns how many were taken: all of them, unless the place is to be named first
   */
  take(bytes: Uint8Array, mask: Uint8Array, phase: number, announced: number): number {
    let at = 0;
    if (this.length < HEAD_BYTES) {
      at = Math.min(HEAD_BYTES - this.length, bytes.length);
      copyUnmasked(this.head, this.length, bytes.subarray(0, at), mask, phase);
      this.length += at;
      if (this.length < HEAD_BYTES) return at;
      const place = this.isBinary ? this.place(this.head) : undefined;
      this.isHeld = place === 'later';
      if (place === 'later') return at;
      this.named(place);
    }
    const rest = bytes.subarray(at);
    const { body, length } = this;
    if (body && length - HEAD_BYTES + rest.length <= body.length) {
      copyUnmasked(body, length - HEAD_BYTES, rest, mask, phase + at);
    } else {
      const kept = this.keep(rest.length, announced);
      if (body) this.withdraw(kept, body);
      copyUnmasked(kept, length, rest, mask, phase + at);
    }
    this.length += rest.length;
    return bytes.length;
  }

  /** The place that was to be named is this. */
  named(place: Uint8Array | undefined): void {
    this.isHeld = false;
    this.body = place;
    if (!place) this.keep(0, HEAD_BYTES).set(this.head);
  }

  /** Where the next `bytes` of the payload belong, if they have a place that holds them all. */
  room(bytes: number): Uint8Array | undefined {
    const at = this.length - HEAD_BYTES;
    const fits = this.body !== undefined && at >= 0 && at + bytes <= this.body.length;
    return fits ? this.body!.subarray(at, at + bytes) : undefined;
  }

  /** So many bytes have been written there. @param mask as for `take` */
  filled(bytes: number, mask: Uint8Array, phase: number): void {
    const at = this.length - HEAD_BYTES;
    unmask(this.body!.subarray(at, at + bytes), mask, phase);
    this.length += bytes;
  }

  /** The message, valid until the next one begins: whole, or its head where the body lies in its place. */
  end(): { message: Uint8Array; isBinary: boolean; body: Uint8Array | undefined } {
    const { head, body, isBinary, length, kept } = this;
    if (length < HEAD_BYTES) return { message: head.subarray(0, length), isBinary, body: undefined };
    if (body) return { message: head, isBinary, body: body.subarray(0, length - HEAD_BYTES) };
    if (kept.length > KEPT_BYTES) this.kept = new Uint8Array(KEPT_BYTES);
    return { message: kept.subarray(0, length), isBinary, body: undefined };
  }

  /** The message is longer than the place that was named for it. */
  private withdraw(kept: Uint8Array, body: Uint8Array): void {
    kept.set(this.head);
    kept.set(body.subarray(0, this.length - HEAD_BYTES), HEAD_BYTES);
    this.body = undefined;
  }

  /** The kept bytes, with room for so many more; for no more than are announced. */
  private keep(more: number, announced: number): Uint8Array {
    const needed = Math.max(HEAD_BYTES, this.length) + more;
    if (needed > this.kept.length) {
      const larger = new Uint8Array(Math.max(needed, Math.min(2 * this.kept.length, announced)));
      larger.set(this.kept.subarray(0, Math.min(this.length, this.kept.length)));
      this.kept = larger;
    }
    return this.kept;
  }
}
