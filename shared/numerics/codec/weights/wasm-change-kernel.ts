/**
 * The code of changes in WebAssembly SIMD (../assembly/changes.ts), in Node and in browsers. Runs are copied into its memory
 * and back, so that vectors may lie anywhere.
 */
import { BLOCK_ELEMENTS } from '../block-table.js';
import { CODE_WASM } from '../code.generated.js';
import { type ChangeKernel, codeBytes } from './change-kernel.js';

/** Elements that are coded by one call: whole blocks. */
const PIECE = 65_536;
/** The compiler's own data, if there ever is any, stands below. */
const VALUES_AT = 1024;
const HELD_AT = VALUES_AT + 4 * PIECE;
const SCALES_AT = HELD_AT + 4 * PIECE;
const CODES_AT = SCALES_AT + (2 * PIECE) / BLOCK_ELEMENTS;
const PAGES = Math.ceil((CODES_AT + PIECE) / 65_536);

type Exports = Record<'encodeChange' | 'decodeChange', (...args: number[]) => number>;

/** @returns undefined where there is no WebAssembly SIMD */
export function wasmChangeKernel(): ChangeKernel | undefined {
  const linked = link();
  if (!linked) return undefined;
  const { run, memory } = linked;
  const values = new Float32Array(memory, VALUES_AT, PIECE);
  const base = new Float32Array(memory, HELD_AT, PIECE);
  const scales = new Uint16Array(memory, SCALES_AT, PIECE / BLOCK_ELEMENTS);
  const codes = new Uint8Array(memory, CODES_AT, PIECE);

  /** Copies elements in, and zeros behind them up to a whole block. */
  const enter = (to: Float32Array, piece: Float32Array) => {
    to.set(piece);
    to.fill(0, piece.length, Math.ceil(piece.length / BLOCK_ELEMENTS) * BLOCK_ELEMENTS);
  };
  const eachPiece = (length: number, act: (from: number, to: number, block: number) => void) => {
    for (let from = 0; from < length; from += PIECE)
      act(from, Math.min(length, from + PIECE), from / BLOCK_ELEMENTS);
  };
  return {
    kind: 'wasm',
    encode(bits, wanted, held, intoScales, intoCodes, into) {
      eachPiece(wanted.length, (from, to, block) => {
        const count = to - from;
        enter(values, wanted.subarray(from, to));
        enter(base, held.subarray(from, to));
        run.encodeChange(bits, VALUES_AT, HELD_AT, count, SCALES_AT, CODES_AT);
        intoScales.set(scales.subarray(0, Math.ceil(count / BLOCK_ELEMENTS)), block);
        intoCodes.set(codes.subarray(0, codeBytes(bits, count)), codeBytes(bits, from));
        into.set(values.subarray(0, count), from);
      });
    },
    decode(bits, fromScales, fromCodes, held, into) {
      let isRight = true;
      eachPiece(into.length, (from, to, block) => {
        if (!isRight) return;
        const count = to - from;
        const at = codeBytes(bits, from);
        scales.set(fromScales.subarray(block, block + Math.ceil(count / BLOCK_ELEMENTS)));
        codes.set(fromCodes.subarray(at, at + codeBytes(bits, count)));
        enter(base, held.subarray(from, to));
        isRight = run.decodeChange(bits, SCALES_AT, CODES_AT, HELD_AT, VALUES_AT, count) !== 0;
        into.set(values.subarray(0, count), from);
      });
      return isRight;
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
