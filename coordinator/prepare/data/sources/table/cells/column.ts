/**
 * One column of a table in memory: numbers, and beside them what is none. Bytes take a byte each and other numbers
 * eight; texts are kept once, however often they occur.
 */

/** Why a cell is no number: a text; nothing there; a number that float32 cannot hold; or a fault, told in words. */
export type OddKind = 'text' | 'missing' | 'beyond' | 'fault';

export interface Odd {
  kind: OddKind;
  /** As it stands in the file; of a fault, what is wrong. */
  text: string;
}

/** Cells of a block: a power of two. */
const [BITS, BLOCK] = [12, 4096];

export class Column {
  length = 0;
  /** What occurs that is no number, in the order of first occurrence. */
  readonly odds: Odd[] = [];
  /** The names of a column of classes, in their order, where its file tells them. */
  classes: readonly string[] | undefined;
  /** Whether its numbers are truth values. */
  isBoolean = false;
  private readonly blocks: (Uint8Array | Float64Array)[] = [];
  /** One more than an index of `odds`, or 0, where a block has any. */
  private readonly codes: (Int32Array | undefined)[] = [];
  private readonly known: Partial<Record<OddKind, Map<string, number>>> = {};

  /** @param value one that float32 can hold, though not exactly */
  add(value: number): void {
    const at = this.length & (BLOCK - 1);
    const index = this.length >> BITS;
    if (at === 0) this.blocks.push(new Uint8Array(BLOCK));
    let block = this.blocks[index]!;
    const isByte = (value & 0xff) === value && (value !== 0 || 1 / value > 0);
    if (!isByte && block instanceof Uint8Array) {
      block = Float64Array.from(block);
      this.blocks[index] = block;
    }
    block[at] = value;
    this.length++;
  }

  addOdd(kind: OddKind, text: string): void {
    this.known[kind] ??= new Map();
    const known = this.known[kind];
    let code = known.get(text);
    if (code === undefined) {
      // A piece of a long text would keep all of it in memory.
      const own = text.length > 12 ? Buffer.from(text, 'utf16le').toString('utf16le') : text;
      code = this.odds.push({ kind, text: own });
      known.set(own, code);
    }
    const at = this.length & (BLOCK - 1);
    const index = this.length >> BITS;
    this.codes[index] ??= new Int32Array(BLOCK);
    this.codes[index][at] = code;
    this.add(0);
  }

  /** The number of a cell; anything where there is none. */
  numberAt(row: number): number {
    return this.blocks[row >> BITS]![row & (BLOCK - 1)]!;
  }

  /** What a cell is that holds no number. */
  oddAt(row: number): Odd | undefined {
    const code = this.codes[row >> BITS]?.[row & (BLOCK - 1)];
    return code ? this.odds[code - 1] : undefined;
  }
}
