/**
 * Sends finished contributions, chunk by chunk, as far as the coordinator's window and the socket allow.
 *
 * With several contributions under way the lowest chunk goes first, whichever it belongs to: the
 * coordinator adds chunk c of all nodes before it opens the window further, so sending one whole
 * contribution and then the next could wait for itself for ever.
 */
import type { Layout } from '../../shared/numerics/layout.js';
import { FRAME_CONTRIBUTION, newHeader } from '../../shared/protocol/frame.js';
import type { Lease, WorkerMessage } from '../../shared/protocol/messages.js';

/** Enough to keep the connection busy; more would only sit in memory. */
const HIGH_WATER_BYTES = 1 << 20;

/** Where messages and gradients go. */
export interface UploadSocket {
  /** `flushed` is called when the bytes have left and their memory may be used again. */
  send(bytes: Uint8Array, flushed?: () => void): void;
  /** Sends one message of two parts, as they lie. `flushed` is called when both have left. */
  sendFrame(header: Uint8Array, body: Uint8Array, flushed: () => void): void;
  bufferedBytes(): number;
  /** Where the coordinator is in this process: hands over a message as it is... */
  tell?(message: WorkerMessage): void;
  /** ...and has memory for gradients, which are then added where they lie; undefined: there is none left. */
  allocate?(elements: number): Float32Array | undefined;
  /** Takes such memory back. */
  release?(vector: Float32Array): void;
}

/** The body of a coded chunk. @param values of the chunk */
export type EncodeChunk = (chunk: number, values: Float32Array) => Uint8Array;

interface Upload {
  lease: Lease;
  gradient: Float32Array;
  /** Undefined: it travels in float32. */
  encode: EncodeChunk | undefined;
  nextChunk: number;
  /** Chunks that have not left yet, though they were sent. */
  leaving: number;
  /** Nothing more of it is sent. */
  isOver: boolean;
}

export class Uploads {
  private readonly uploads: Upload[] = [];
  /** The window as last opened: a coordinator has one step at a time. */
  private opened = { step: -1, window: 0 };

  /** @param release takes back a gradient's buffer once no more of it is sent, and what was has left. */
  constructor(
    private readonly layout: Layout,
    private readonly socket: UploadSocket,
    private readonly release: (gradient: Float32Array) => void,
  ) {}

  add(lease: Lease, gradient: Float32Array, encode?: EncodeChunk): void {
    this.uploads.push({ lease, gradient, encode, nextChunk: lease.fromChunk, leaving: 0, isOver: false });
    this.pump();
  }

  /** Gradients that wait to be sent, or of which some of it does. */
  get length(): number {
    return this.uploads.length;
  }

  /** Chunks of `step` below `window` may be sent. */
  open(step: number, window: number): void {
    if (step < this.opened.step) return;
    const before = step === this.opened.step ? this.opened.window : 0;
    this.opened = { step, window: Math.max(window, before) };
    this.pump();
  }

  /** Forgets steps before `step`: they are over. */
  dropBefore(step: number): void {
    this.remove((upload) => upload.lease.step < step);
  }

  /** Forgets all. */
  clear(): void {
    this.remove(() => true);
  }

  cancel(step: number, node: number): void {
    this.remove((upload) => upload.lease.step === step && upload.lease.node === node);
  }

  private readonly pump = (): void => {
    while (this.socket.bufferedBytes() <= HIGH_WATER_BYTES) {
      const upload = this.next();
      if (!upload) return;
      this.sendChunk(upload);
      if (upload.nextChunk === this.layout.chunks) this.remove((other) => other === upload);
    }
  };

  private next(): Upload | undefined {
    // A lease may have a wider window than others of its step: what is to be taken whole does not wait.
    const { opened } = this;
    const windowOf = ({ step, window }: Lease) =>
      step === opened.step ? Math.max(window, opened.window) : window;
    const ready = this.uploads.filter(({ lease, nextChunk }) => nextChunk < windowOf(lease));
    return ready.reduce<Upload | undefined>(
      (lowest, upload) => (lowest && lowest.nextChunk <= upload.nextChunk ? lowest : upload),
      undefined,
    );
  }

  private sendChunk(upload: Upload): void {
    const { step, node } = upload.lease;
    const chunk = upload.nextChunk++;
    const { start, end } = this.layout.range(chunk);
    const { gradient, encode } = upload;
    const values = gradient.subarray(start, end);
    const body =
      encode?.(chunk, values) ?? new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const coding = encode ? { coding: 'int8' as const } : {};
    const header = newHeader({ type: FRAME_CONTRIBUTION, node, chunk, step, ...coding }, body.length);
    upload.leaving++;
    this.socket.sendFrame(header, body, () => {
      upload.leaving--;
      this.releaseIfDone(upload);
      this.pump();
    });
  }

  private remove(which: (upload: Upload) => boolean): void {
    for (let at = this.uploads.length - 1; at >= 0; at--) {
      const upload = this.uploads[at]!;
      if (!which(upload)) continue;
      this.uploads.splice(at, 1);
      upload.isOver = true;
      this.releaseIfDone(upload);
    }
  }

  private releaseIfDone({ isOver, leaving, gradient }: Upload): void {
    if (isOver && leaving === 0) this.release(gradient);
  }
}
