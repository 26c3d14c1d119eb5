/**
 * The state of one instant, written while the run goes on changing it.
 *
 * Vectors stay where they are, and are taken chunk by chunk. Only what the run is about to overwrite before
 * it has been taken is copied aside, so memory does not double and the run never waits for the disk.
 */
import { createHash } from 'node:crypto';
import { type CheckpointState, encodeHeader, type Section } from './format.js';

export class Snapshot {
  private readonly header: Buffer;
  /** The chunks of each section that are still to be taken; undefined once taken. */
  private readonly waiting = new Map<string, (Float32Array | undefined)[]>();
  private readonly longestChunk: number;

  /** Call it between two steps: it copies `state` at once. */
  constructor(
    readonly state: CheckpointState,
    sections: readonly Section[],
  ) {
    const lengths = (section: Section) => section.chunks.map((chunk) => chunk.length);
    const table = sections.map((section) => ({
      name: section.name,
      elements: lengths(section).reduce((sum, length) => sum + length, 0),
    }));
    this.header = encodeHeader({ state, sections: table });
    this.longestChunk = Math.max(0, ...sections.flatMap(lengths));
    for (const { name, chunks } of sections) this.waiting.set(name, [...chunks]);
  }

  /** Must be called before a chunk of a section changes for the first time since the snapshot began. */
  preserve(section: string, chunk: number): void {
    const chunks = this.waiting.get(section);
    if (chunks?.[chunk]) chunks[chunk] = chunks[chunk].slice();
  }

  /** Streams the whole checkpoint into `append`. One buffer serves all chunks: what is in it cannot change any more. */
  async write(append: (bytes: Uint8Array) => Promise<void>): Promise<void> {
    const hash = createHash('sha256').update(this.header);
    await append(this.header);
    const staged = new Float32Array(this.longestChunk);
    for (const chunks of this.waiting.values()) {
      for (let chunk = 0; chunk < chunks.length; chunk++) {
        const values = chunks[chunk]!;
        staged.set(values);
        chunks[chunk] = undefined;
        const bytes = new Uint8Array(staged.buffer, 0, values.byteLength);
        hash.update(bytes);
        await append(bytes);
      }
    }
    await append(hash.digest());
  }

  /** Lets go of all vectors, also of those never written. */
  release(): void {
    this.waiting.clear();
  }
}
