/**
 * Memory of batches that is used again and again, and that the engine's threads see: else each step would make as much
 * garbage as it has data, and copy the data to each thread.
 */
import type { Batch } from '../../engine/engine.js';

export class BatchMemory {
  /** By their length in bytes. */
  private readonly free = new Map<number, ArrayBufferLike[]>();
  /** All that was ever lent: a batch in memory of its own would otherwise stay here for good. */
  private readonly own = new WeakSet<ArrayBufferLike>();

  /** @param allocate a vector that the engine reads where it runs, alone in its memory */
  constructor(private readonly allocate: (elements: number) => Float32Array) {}

  readonly take = (bytes: number): ArrayBufferLike => {
    const length = Math.ceil(bytes / 4) * 4;
    const buffer = this.free.get(length)?.pop() ?? this.allocate(length / 4).buffer;
    this.own.add(buffer);
    return buffer;
  };

  /** Nobody reads these batches any more, or what they hold matters to nobody. */
  give(batches: readonly Batch[]): void {
    for (const { x } of batches) {
      const { buffer } = x;
      if (!this.own.has(buffer)) continue;
      const kept = this.free.get(buffer.byteLength);
      if (kept) kept.push(buffer);
      else this.free.set(buffer.byteLength, [buffer]);
    }
  }
}
