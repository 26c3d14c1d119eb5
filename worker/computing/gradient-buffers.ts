/** Vectors that an engine writes gradients into, used again once they are sent; in memory of the coordinator where it is in this process. */
import type { UploadSocket } from '../sending/uploads.js';

/** Gradients of leases that wait for the coordinator's window, together; one of them is always taken. */
const MAX_GRADIENT_BYTES = 2 ** 32;

export class GradientBuffers {
  private readonly free: Float32Array[] = [];
  private isClosed = false;

  /**
   * @param elements of a gradient
   * @param allocate makes a vector that the engine can write where it runs
   */
  constructor(
    private readonly elements: number,
    private readonly socket: Pick<UploadSocket, 'allocate' | 'release'>,
    private readonly allocate: (elements: number) => Float32Array,
  ) {}

  /**
   * @param waiting how many gradients wait to be sent
   * @throws Error where that is so many that one more is too many
   */
  take(waiting: number): Float32Array {
    const known = this.free.pop();
    if (known) return known;
    if (waiting > 0 && (waiting + 1) * 4 * this.elements > MAX_GRADIENT_BYTES)
      throw new Error(`${waiting} gradients wait for the coordinator, and there is no room for another one`);
    return this.socket.allocate?.(this.elements) ?? this.allocate(this.elements);
  }

  giveBack(gradient: Float32Array): void {
    if (this.isClosed) this.socket.release?.(gradient);
    else this.free.push(gradient);
  }

  /** The socket is gone: its memory goes back to it, what is still in use as soon as it is given back. */
  close(): void {
    this.isClosed = true;
    for (const gradient of this.free.splice(0)) this.socket.release?.(gradient);
  }
}
