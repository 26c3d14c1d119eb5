/** Sends the worker's messages while its connection is open, and bounds what waits for a far end that does not read. */
import { encode } from '../../shared/protocol/codec.js';
import type { WorkerMessage } from '../../shared/protocol/messages.js';
import type { UploadSocket } from './uploads.js';

/** What waits on a socket that the far end does not read: gradients stop below it, the rest are a few bytes each. */
const MAX_BUFFERED_BYTES = 8 << 20;

export class Outbox {
  private isClosed = false;

  /** @param fail hears that the far end does not read: the connection is to be closed */
  constructor(
    private readonly socket: UploadSocket,
    private readonly fail: (error: unknown) => void,
  ) {}

  send(message: WorkerMessage): void {
    if (this.isClosed) return;
    const { socket } = this;
    if (socket.tell) socket.tell(message);
    else if (socket.bufferedBytes() > MAX_BUFFERED_BYTES)
      this.fail(new Error('the coordinator does not read'));
    else socket.send(encode(message));
  }

  /** The socket is gone: what is still to be said is for nobody. */
  close(): void {
    this.isClosed = true;
  }
}
