/**
 * Sends finished contributions, chunk by chunk, as far as the coordinator's window and the socket allow.
 *
 * With several contributions under way the lowest chunk goes first, whichever it belongs to: the
 * coordinator adds chunk c of all nodes before it opens the window further, so sending one whole
 * contribution and then the next could wait for itself for ever.
 */
import { CHUNK_ELEMENTS } from '../shared/chunk-size.js';
import { chunkCount, chunkRange } from '../shared/layout.js';
import { FRAME_CONTRIBUTION, HEADER_BYTES, writeHeader } from '../shared/protocol/frame.js';
import type { Lease } from '../shared/protocol/messages.js';

/** Enough to keep the connection busy; more would only sit in memory. */
const HIGH_WATER_BYTES = 1 << 20;

export interface UploadSocket {
  /** `flushed` is called when the bytes have left and their memory may be used again. */
  send(bytes: Uint8Array, flushed?: () => void): void;
  bufferedBytes(): number;
}

interface Upload {
  lease: Lease;
  gradient: Float32Array;
  nextChunk: number;
}

export class Uploads {
  private readonly uploads: Upload[] = [];
  private readonly frames: Uint8Array[] = [];
  private readonly windows = new Map<number, number>();

  /** @param release takes back a gradient's buffer once all of it has been sent, or is not needed. */
  constructor(
    private readonly elements: number,
    private readonly socket: UploadSocket,
    private readonly release: (gradient: Float32Array) => void,
  ) {}

  add(lease: Lease, gradient: Float32Array): void {
    this.uploads.push({ lease, gradient, nextChunk: lease.fromChunk });
    this.pump();
  }

  /** Chunks of `step` below `window` may be sent. */
  open(step: number, window: number): void {
    this.windows.set(step, Math.max(window, this.windows.get(step) ?? 0));
    this.pump();
  }

  /** Forgets steps before `step`: they are over. */
  dropBefore(step: number): void {
    this.remove((upload) => upload.lease.step < step);
    for (const old of this.windows.keys()) if (old < step) this.windows.delete(old);
  }

  cancel(step: number, node: number): void {
    this.remove((upload) => upload.lease.step === step && upload.lease.node === node);
  }

  private readonly pump = (): void => {
    while (this.socket.bufferedBytes() <= HIGH_WATER_BYTES) {
      const upload = this.next();
      if (!upload) return;
      this.sendChunk(upload);
      if (upload.nextChunk === chunkCount(this.elements)) this.remove((other) => other === upload);
    }
  };

  private next(): Upload | undefined {
    // A lease may have a wider window than others of its step: what is to be taken whole does not wait.
    const windowOf = ({ step, window }: Lease) => Math.max(window, this.windows.get(step) ?? 0);
    const ready = this.uploads.filter(({ lease, nextChunk }) => nextChunk < windowOf(lease));
    return ready.reduce<Upload | undefined>(
      (lowest, upload) => (lowest && lowest.nextChunk <= upload.nextChunk ? lowest : upload),
      undefined,
    );
  }

  private sendChunk(upload: Upload): void {
    const { step, node } = upload.lease;
    const chunk = upload.nextChunk++;
    const { start, end } = chunkRange(this.elements, chunk);
    const buffer =
      this.frames.pop() ?? new Uint8Array(HEADER_BYTES + 4 * Math.min(this.elements, CHUNK_ELEMENTS));
    const frame = buffer.subarray(0, HEADER_BYTES + 4 * (end - start));
    writeHeader(frame, { type: FRAME_CONTRIBUTION, node, chunk, step }, frame.length - HEADER_BYTES);
    const { gradient } = upload;
    frame.set(
      new Uint8Array(gradient.buffer, gradient.byteOffset + 4 * start, 4 * (end - start)),
      HEADER_BYTES,
    );
    this.socket.send(frame, () => {
      this.frames.push(buffer);
      this.pump();
    });
  }

  private remove(which: (upload: Upload) => boolean): void {
    for (let at = this.uploads.length - 1; at >= 0; at--) {
      const upload = this.uploads[at]!;
      if (!which(upload)) continue;
      this.uploads.splice(at, 1);
      this.release(upload.gradient);
    }
  }
}
