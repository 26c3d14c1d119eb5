/** Codes the chunks of a flat vector: to bytes, from bytes, or in place. PROTOCOL.md has the exact definition. */
import type { Layout } from '../layout.js';
import { blocksOf, type ChunkTable, chunkTables, type Run } from './block-table.js';
import type { CodeKernel, RoundingKeys } from './code-kernel.js';

export class ChunkCode {
  private readonly tables: ChunkTable[];
  private readonly starts: number[];

  constructor(
    layout: Layout,
    private readonly kernel: CodeKernel,
  ) {
    this.tables = chunkTables(layout);
    this.starts = layout.mapChunks((chunk) => layout.range(chunk).start);
  }

  /** Bytes of the body of a chunk. */
  bytes(chunk: number): number {
    return this.tables[chunk]!.bytes;
  }

  /** The body of a chunk. @param values of the chunk */
  encode(chunk: number, values: Float32Array, keys: RoundingKeys): Uint8Array {
    const table = this.tables[chunk]!;
    const body = new Uint8Array(table.bytes);
    const { floats, scales, codes } = partsOf(body, table);
    let at = 0;
    for (const { from, to } of table.raw) {
      floats.set(values.subarray(from, to), at);
      at += to - from;
    }
    this.forEachRun(chunk, (run, block, code) => {
      this.kernel.encode(
        values.subarray(run.from, run.to),
        this.starts[chunk]! + run.from,
        keys,
        scales.subarray(block, block + blocksOf(run)),
        codes.subarray(code, code + run.to - run.from),
      );
    });
    return body;
  }

  /** @param body of so many bytes as `bytes` says. @returns the chunk's values; undefined: no `encode` has written this */
  decode(chunk: number, body: Uint8Array): Float32Array | undefined {
    const table = this.tables[chunk]!;
    // It may lie at any place in a larger buffer.
    const aligned = body.byteOffset % 4 === 0 ? body : Uint8Array.from(body);
    const { floats, scales, codes } = partsOf(aligned, table);
    const values = new Float32Array(table.elements);
    let at = 0;
    for (const { from, to } of table.raw) {
      values.set(floats.subarray(at, at + to - from), from);
      at += to - from;
    }
    let isRight = true;
    this.forEachRun(chunk, (run, block, code) => {
      isRight &&= this.kernel.decode(
        scales.subarray(block, block + blocksOf(run)),
        codes.subarray(code, code + run.to - run.from),
        values.subarray(run.from, run.to),
      );
    });
    return isRight ? values : undefined;
  }

  /** Makes of the values of a chunk what `decode` would make of its code. */
  round(chunk: number, values: Float32Array, keys: RoundingKeys): void {
    for (const { from, to } of this.tables[chunk]!.coded)
      this.kernel.round(values.subarray(from, to), this.starts[chunk]! + from, keys);
  }

  /** The same for all chunks. @param vector the flat vector */
  roundAll(vector: Float32Array, keys: RoundingKeys): void {
    for (const [chunk, start] of this.starts.entries())
      this.round(chunk, vector.subarray(start, start + this.tables[chunk]!.elements), keys);
  }

  private forEachRun(chunk: number, act: (run: Run, block: number, code: number) => void): void {
    let [block, code] = [0, 0];
    for (const run of this.tables[chunk]!.coded) {
      act(run, block, code);
      block += blocksOf(run);
      code += run.to - run.from;
    }
  }
}

function partsOf({ buffer, byteOffset }: Uint8Array, { elements, codes, blocks }: ChunkTable) {
  const scalesAt = byteOffset + 4 * (elements - codes);
  return {
    floats: new Float32Array(buffer, byteOffset, elements - codes),
    scales: new Uint16Array(buffer, scalesAt, blocks),
    codes: new Int8Array(buffer, scalesAt + 2 * blocks, codes),
  };
}
