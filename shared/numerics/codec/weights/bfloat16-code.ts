/**
 * Chunks of weights in bfloat16 (`--weights bf16`): two bytes an element. The elements that gradients are coded of
 * (../block-table.ts) are rounded; the others, biases and statistics, stay in float32. Nothing is remembered: what
 * workers hold is the weights, rounded.
 */
import type { Layout } from '../../layout.js';
import { type ChunkTable, chunkTables } from '../block-table.js';
import { fromBfloat16, roundToBfloat16, toBfloat16 } from './bfloat16.js';

export class Bfloat16Code {
  readonly coding = 'bf16' as const;
  readonly isOfChanges = false;
  private readonly tables: ChunkTable[];

  constructor(layout: Layout) {
    this.tables = chunkTables(layout);
  }

  /** Bytes of the body of a chunk. */
  bytes(chunk: number): number {
    const { elements, codes } = this.tables[chunk]!;
    return 4 * (elements - codes) + 2 * codes;
  }

  /** Writes what workers hold of a chunk. @param values of the chunk */
  round(chunk: number, values: Float32Array, into: Float32Array): void {
    const { raw, coded } = this.tables[chunk]!;
    for (const { from, to } of raw) into.set(values.subarray(from, to), from);
    for (const { from, to } of coded) roundToBfloat16(values.subarray(from, to), into.subarray(from, to));
  }

  /** The body of a chunk. @param values of the chunk, rounded or not */
  encode(chunk: number, values: Float32Array): Uint8Array {
    const body = new Uint8Array(this.bytes(chunk));
    this.forEachRun(chunk, body, (from, to, floats, halves) => {
      if (halves) toBfloat16(values.subarray(from, to), halves);
      else floats!.set(values.subarray(from, to));
    });
    return body;
  }

  /** @param body of so many bytes as `bytes` says; @param into of the chunk */
  decode(chunk: number, body: Uint8Array, into: Float32Array): void {
    // It may lie at any place in a larger buffer.
    const aligned = body.byteOffset % 4 === 0 ? body : Uint8Array.from(body);
    this.forEachRun(chunk, aligned, (from, to, floats, halves) => {
      if (halves) fromBfloat16(halves, into.subarray(from, to));
      else into.set(floats!, from);
    });
  }

  /** Float32 of all that is not rounded, in order; then the halves of the rest. */
  private forEachRun(
    chunk: number,
    { buffer, byteOffset }: Uint8Array,
    act: (from: number, to: number, floats?: Float32Array, halves?: Uint16Array) => void,
  ): void {
    const { raw, coded } = this.tables[chunk]!;
    let at = byteOffset;
    for (const { from, to } of raw) {
      act(from, to, new Float32Array(buffer, at, to - from));
      at += 4 * (to - from);
    }
    for (const { from, to } of coded) {
      act(from, to, undefined, new Uint16Array(buffer, at, to - from));
      at += 2 * (to - from);
    }
  }
}
