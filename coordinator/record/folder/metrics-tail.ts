/** The lines of a `metrics.jsonl` that may still be growing: each look gives those that are new, and whole. */
import { open, stat } from 'node:fs/promises';

const READ_BYTES = 1 << 20;
const NEW_LINE = 10;

export class MetricsTail {
  private position = 0;
  private inode = -1;

  constructor(private readonly path: string) {}

  /** @param restart called where the file is another one, or shorter than it was: its lines come from the first */
  async read(take: (line: string) => void, restart: () => void): Promise<void> {
    const { ino, size } = await stat(this.path).catch(() => ({ ino: -1, size: 0 }));
    // A coordinator that goes on from a checkpoint writes the file anew, without what came after.
    if (ino !== this.inode || size < this.position) {
      if (this.position > 0) restart();
      this.inode = ino;
      this.position = 0;
    }
    if (size <= this.position) return;
    const file = await open(this.path, 'r');
    try {
      let rest = Buffer.alloc(0);
      for (let at = this.position; at < size; ) {
        const block = Buffer.alloc(Math.min(READ_BYTES, size - at));
        const { bytesRead } = await file.read(block, 0, block.length, at);
        if (bytesRead === 0) break;
        at += bytesRead;
        const bytes = Buffer.concat([rest, block.subarray(0, bytesRead)]);
        const end = bytes.lastIndexOf(NEW_LINE) + 1;
        for (const line of bytes.toString('utf8', 0, end).split('\n')) if (line) take(line);
        // What is not whole yet is read again.
        this.position += end;
        rest = bytes.subarray(end);
      }
    } finally {
      await file.close();
    }
  }
}
