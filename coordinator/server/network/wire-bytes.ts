/**
 * What a connection costs on the wire beside the messages that come of it: headers, pongs, and fragments without end, of
 * which no reader of frames tells anybody.
 */
import { MAX_MESSAGE_BYTES } from '../../../shared/protocol/sizes.js';
import { READ_BYTES } from '../../../websocket/read-in-place.js';

/** Bytes that a ping counts beside its own, since each is answered. */
export const PING_BYTES = 64;

/** Of a message that has begun, and of what is read at once. */
const MOST_UNDER_WAY = MAX_MESSAGE_BYTES + READ_BYTES;

export class WireBytes {
  private read = 0;
  private inMessages = 0;
  private told = 0;

  /** @param beside is told of bytes that are no message's, each once */
  constructor(private readonly beside: (bytes: number) => void) {}

  /** A message is whole. */
  message(bytes: number): void {
    this.inMessages += bytes;
  }

  /** Bytes have come, which may be of messages that are whole later. */
  arrived(bytes: number): void {
    this.read += bytes;
    const beside = this.read - this.inMessages - MOST_UNDER_WAY - this.told;
    if (beside <= 0) return;
    this.told += beside;
    this.beside(beside);
  }
}
