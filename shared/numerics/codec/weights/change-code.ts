/**
 * Chunks of changes of weights (`--weights delta8`, `delta4`): what leads from what workers hold to the next weights, in
 * whole numbers of 8 or 4 bits with a scale for each block. The elements are those of which gradients are coded
 * (../block-table.ts); the others come whole, in float32. What rounding leaves out of a change is part of the next one:
 * both sides hold the same, and the sender measures from there.
 */
import type { Layout } from '../../layout.js';
import { blocksOf, type ChunkTable, chunkTables, type Run } from '../block-table.js';
import { type ChangeBits, type ChangeKernel, codeBytes } from './change-kernel.js';
import { typescriptChangeKernel } from './typescript-change-kernel.js';
import { wasmChangeKernel } from './wasm-change-kernel.js';

let kernel: ChangeKernel | undefined;

export class ChangeCode {
  readonly isOfChanges = true;
  private readonly bits: ChangeBits;
  private readonly tables: ChunkTable[];
  private readonly kernel: ChangeKernel;

  constructor(
    readonly coding: 'delta8' | 'delta4',
    layout: Layout,
  ) {
    this.bits = coding === 'delta8' ? 8 : 4;
    this.tables = chunkTables(layout);
    kernel ??= wasmChangeKernel() ?? typescriptChangeKernel;
    this.kernel = kernel;
  }

  /** Bytes of the body of a chunk. */
  bytes(chunk: number): number {
    const { elements, codes, blocks, coded } = this.tables[chunk]!;
    const ofRun = (sum: number, { from, to }: Run) => sum + codeBytes(this.bits, to - from);
    return 4 * (elements - codes) + 2 * blocks + coded.reduce(ofRun, 0);
  }

  /**
   * The body of a chunk.
   * @param wanted values of the chunk; @param held what workers hold of it; @param into what they hold afterwards
   */
  encode(chunk: number, wanted: Float32Array, held: Float32Array, into: Float32Array): Uint8Array {
    const body = new Uint8Array(this.bytes(chunk));
    const { floats, forEachRun } = this.partsOf(chunk, body);
    let at = 0;
    for (const { from, to } of this.tables[chunk]!.raw) {
      floats.set(wanted.subarray(from, to), at);
      into.set(wanted.subarray(from, to), from);
      at += to - from;
    }
    forEachRun(({ from, to }, scales, codes) => {
      const [aim, base] = [wanted.subarray(from, to), held.subarray(from, to)];
      this.kernel.encode(this.bits, aim, base, scales, codes, into.subarray(from, to));
    });
    return body;
  }

  /**
   * @param body of so many bytes as `bytes` says
   * @returns whether `encode` can have written it; if not, `into` holds nothing of use
   */
  decode(chunk: number, body: Uint8Array, held: Float32Array, into: Float32Array): boolean {
    // It may lie at any place in a larger buffer.
    const aligned = body.byteOffset % 4 === 0 ? body : Uint8Array.from(body);
    const { floats, forEachRun } = this.partsOf(chunk, aligned);
    let at = 0;
    for (const { from, to } of this.tables[chunk]!.raw) {
      into.set(floats.subarray(at, at + to - from), from);
      at += to - from;
    }
    let isRight = true;
    forEachRun(({ from, to }, scales, codes) => {
      // The half of a byte that no element has.
      const isOdd = this.bits === 4 && (to - from) % 2 === 1;
      isRight &&=
        !(isOdd && codes.at(-1)! >> 4) &&
        this.kernel.decode(this.bits, scales, codes, held.subarray(from, to), into.subarray(from, to));
    });
    return isRight;
  }

  /** Float32 of all that is not coded, in order; then the scales of blocks; then the codes, run after run. */
  private partsOf(chunk: number, { buffer, byteOffset }: Uint8Array) {
    const { elements, codes, blocks, coded } = this.tables[chunk]!;
    const scalesAt = byteOffset + 4 * (elements - codes);
    return {
      floats: new Float32Array(buffer, byteOffset, elements - codes),
      forEachRun: (act: (run: Run, scales: Uint16Array, codes: Uint8Array) => void) => {
        let [scaleAt, codeAt] = [scalesAt, scalesAt + 2 * blocks];
        for (const run of coded) {
          const [ofRun, bytes] = [blocksOf(run), codeBytes(this.bits, run.to - run.from)];
          act(run, new Uint16Array(buffer, scaleAt, ofRun), new Uint8Array(buffer, codeAt, bytes));
          scaleAt += 2 * ofRun;
          codeAt += bytes;
        }
      },
    };
  }
}
