/**
 * Sends one worker the weights: a cursor over (version, chunk), never a queue of buffers.
 *
 * It sends a chunk as soon as it is available and the socket has room. A worker that falls behind skips
 * what has become worthless: when a newer version is current, the cursor jumps to its first chunk. So a
 * socket that reads slowly, or not at all, costs a bounded amount of memory.
 */
import type { HeldWeights } from '../../update/version/held-weights.js';

/** Node queues what the kernel does not take at once; two chunks keep the pipe full. */
export const HIGH_WATER_BYTES = 1 << 20;

export interface FrameSink {
  /**
   * Sends one message of two parts; `flushed` is called when the bytes have left the process. What the system
   * does not take at once waits where it lies: the header must never be written to again.
   */
  sendFrame(header: Uint8Array, body: Uint8Array, flushed: () => void): void;
  bufferedBytes(): number;
}

/** What keeps one worker supplied with weights. */
export interface Feed {
  /**
   * Begins; goes on up to version `last` (default: with all that will come).
   * @param from the current version, which is the default, or the one after it; of changes, the first that is to come
   */
  begin(last?: number, from?: number): void;
  /** Does what can be done now. To be called whenever a chunk becomes available. */
  pump(): void;
  /** The connection is gone. */
  end?(): void;
}

export class WeightsFeed implements Feed {
  private version = -1;
  private chunk = 0;
  private last = -1;

  constructor(
    private readonly weights: HeldWeights,
    private readonly sink: FrameSink,
  ) {}

  begin(last = Number.POSITIVE_INFINITY, from = this.weights.version): void {
    this.version = from;
    this.chunk = 0;
    this.last = last;
    this.pump();
  }

  pump = (): void => {
    for (;;) {
      if (this.version < 0 || this.version > this.last) return;
      if (this.version < this.weights.version) {
        this.version = this.weights.version;
        this.chunk = 0;
        continue;
      }
      if (this.chunk === this.weights.chunks) {
        this.version++;
        this.chunk = 0;
        continue;
      }
      if (this.chunk >= this.weights.available(this.version)) return;
      if (this.sink.bufferedBytes() > HIGH_WATER_BYTES) return;
      const { header, body } = this.weights.frame(this.version, this.chunk++);
      this.sink.sendFrame(header, body, this.pump);
    }
  };
}
