/**
 * The code in WebAssembly SIMD (assembly/code.ts), in Node and in browsers. Runs are copied into its memory and back, so that
 * vectors may lie anywhere: a copy is cheap beside the code.
 */
import { BLOCK_ELEMENTS } from './block-table.js';
import { CODE_WASM } from './code.generated.js';
import type { CodeKernel } from './code-kernel.js';

/** Elements that are coded by one call: whole blocks. */
const PIECE = 65_536;
/** The compiler's own data, if there ever is any, stands below. */
const VALUES_AT = 1024;
const SCALES_AT = VALUES_AT + 4 * PIECE;
const CODES_AT = SCALES_AT + (2 * PIECE) / BLOCK_ELEMENTS;
const PAGES = Math.ceil((CODES_AT + PIECE) / 65_536);

type Exports = Record<'encode' | 'decode' | 'round', (...args: number[]) => number>;

/** @returns undefined where there is no WebAssembly SIMD */
export function wasmKernel(): CodeKernel | undefined {
  const linked = link();
  if (!linked) return undefined;
  const { run, memory } = linked;
  const values = new Float32Array(memory, VALUES_AT, PIECE);
  const scales = new Uint16Array(memory, SCALES_AT, PIECE / BLOCK_ELEMENTS);
  const codes = new Int8Array(memory, CODES_AT, PIECE);

  /** Copies elements in, and zeros behind them up to a whole block. */
  const enter = (piece: Float32Array) => {
    values.set(piece);
    values.fill(0, piece.length, Math.ceil(piece.length / BLOCK_ELEMENTS) * BLOCK_ELEMENTS);
  };
  const eachPiece = (length: number, act: (from: number, to: number) => void) => {
    for (let from = 0; from < length; from += PIECE) act(from, Math.min(length, from + PIECE));
  };
  return {
    kind: 'wasm',
    encode(all, at, keys, intoScales, intoCodes) {
      eachPiece(all.length, (from, to) => {
        const count = to - from;
        enter(all.subarray(from, to));
        run.encode(VALUES_AT, count, at + from, keys.first, keys.second, SCALES_AT, CODES_AT);
        intoScales.set(scales.subarray(0, Math.ceil(count / BLOCK_ELEMENTS)), from / BLOCK_ELEMENTS);
        intoCodes.set(codes.subarray(0, count), from);
      });
    },
    decode(fromScales, fromCodes, into) {
      let isRight = true;
      eachPiece(into.length, (from, to) => {
        if (!isRight) return;
        const block = from / BLOCK_ELEMENTS;
        const count = to - from;
        scales.set(fromScales.subarray(block, block + Math.ceil(count / BLOCK_ELEMENTS)));
        codes.set(fromCodes.subarray(from, to));
        isRight = run.decode(SCALES_AT, CODES_AT, VALUES_AT, count) !== 0;
        into.set(values.subarray(0, count), from);
      });
      return isRight;
    },
    round(all, at, keys) {
      eachPiece(all.length, (from, to) => {
        enter(all.subarray(from, to));
        run.round(VALUES_AT, to - from, at + from, keys.first, keys.second);
        all.set(values.subarray(0, to - from), from);
      });
    },
  };
}

function link(): { run: Exports; memory: ArrayBufferLike } | undefined {
  try {
    const bytes = Uint8Array.from(atob(CODE_WASM), (letter) => letter.charCodeAt(0));
    const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES });
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
    return { run: exports as Exports, memory: memory.buffer };
  } catch {
    // No WebAssembly, none with SIMD, or a page that may not compile any: all three have one remedy.
    return undefined;
  }
}
