/**
 * One key of a file whose values have types: numbers, truth values, texts, lists of numbers. A list becomes a column
 * for each of its values, `pixels[0]`, and all rows have lists of one shape. Numbers and truth values do not mix.
 */
import { Column } from '../cells/column.js';

type Shape = readonly number[];

/** A value that its reader could not make sense of. */
export class Fault {
  /** @param text what is wrong */
  constructor(readonly text: string) {}
}

export type ListAs = (list: ArrayLike<unknown>) => string | Fault;

export class ValueColumn {
  /** One, or those of a list; none before the first value. */
  private cells: Column[] = [];
  /** Of the lists; undefined where there are none. */
  private shape: Shape | undefined;
  private isBoolean: boolean | undefined;
  /** Rows before the first value. */
  private rows = 0;

  /** @param listAs makes one text of a list, where it is no columns: classes of a label, tokens of a text */
  constructor(
    private readonly name: string,
    private readonly listAs?: ListAs,
  ) {}

  get length(): number {
    return this.cells.length > 0 ? this.cells[0]!.length : this.rows;
  }

  /** @param value undefined where the row does not have the key */
  add(given: unknown): void {
    const value = this.listAs && isList(given) ? this.listAs(given) : given;
    if (this.cells.length === 0) {
      if (value === null || value === undefined) {
        this.rows++;
        return;
      }
      this.begin(isList(value) ? shapeOf(value) : undefined);
    }
    if (value === null || value === undefined) {
      for (const cells of this.cells) cells.addOdd('missing', value === null ? 'null' : '');
    } else if (isList(value)) this.addList(value);
    else if (this.shape) this.addFault(`${inWords(value)}, and the first row has a list`);
    else this.addCell(this.cells[0]!, value);
  }

  /** Rows up to this number lack the key. */
  fill(rows: number): void {
    while (this.length < rows) this.add(undefined);
  }

  /** @returns columns by name; a single one has the name of the key */
  done(): [name: string, column: Column][] {
    if (this.cells.length === 0) this.begin(undefined);
    const [cells] = this.cells;
    if (!this.shape) return [[this.name, cells!]];
    const { shape } = this;
    return this.cells.map((column, at) => [`${this.name}${indices(at, shape)}`, column]);
  }

  get isList(): boolean {
    return this.shape !== undefined;
  }

  private begin(shape: Shape | undefined): void {
    const count = shape?.reduce((product, size) => product * size, 1) ?? 1;
    this.shape = count > 0 ? shape : undefined;
    this.cells = Array.from({ length: Math.max(1, count) }, () => new Column());
    for (const cells of this.cells) for (let row = 0; row < this.rows; row++) cells.addOdd('missing', '');
  }

  private addList(list: ArrayLike<unknown>): void {
    const { shape } = this;
    const own = shapeOf(list);
    if (own === undefined) this.addFault('a list of lists that differ in length');
    else if (own.includes(0)) this.addFault('an empty list');
    else if (!shape) this.addFault('a list, and the first row has none');
    else if (own.join() !== shape.join())
      this.addFault(`a list of ${own.join('x')} values, and the first row has ${shape.join('x')}`);
    else {
      let at = 0;
      for (const value of leaves(list)) this.addCell(this.cells[at++]!, value);
    }
  }

  private addFault(text: string): void {
    for (const cells of this.cells) cells.addOdd('fault', text);
  }

  private addCell(cells: Column, value: unknown): void {
    if (typeof value === 'string') cells.addOdd('text', value);
    else if (value instanceof Date) cells.addOdd('text', textOfDate(value));
    else if (value === null || value === undefined) cells.addOdd('missing', 'null');
    else if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
      this.addNumber(cells, value);
    else if (value instanceof Fault) cells.addOdd('fault', value.text);
    else cells.addOdd('fault', `${inWords(value)}, which is no value of a table`);
  }

  private addNumber(cells: Column, value: number | bigint | boolean): void {
    const isBoolean = typeof value === 'boolean';
    this.isBoolean ??= isBoolean;
    const number = Number(value);
    if (this.isBoolean !== isBoolean)
      cells.addOdd('fault', `${value}, and a row before has ${isBoolean ? 'a number' : 'a truth value'}`);
    else if (typeof value === 'bigint' && !Number.isSafeInteger(number))
      cells.addOdd('fault', `${value} is beyond 2^53, where float64 does not tell whole numbers apart`);
    else if (Number.isNaN(number)) cells.addOdd('missing', 'NaN');
    else if (!Number.isFinite(Math.fround(number))) cells.addOdd('beyond', `${value}`);
    else cells.add(number);
    cells.isBoolean = isBoolean;
  }
}

/** Bytes are no list: they are a file within the file. */
const isList = (value: unknown): value is ArrayLike<unknown> =>
  Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof Uint8Array));

/** Undefined for lists within it that differ in length. */
function shapeOf(value: unknown): Shape | undefined {
  if (!isList(value)) return [];
  const inner = Array.from(value, shapeOf);
  const [first = []] = inner;
  if (inner.some((shape) => shape === undefined || shape.join() !== first.join())) return undefined;
  return [value.length, ...first];
}

function* leaves(value: unknown): Generator<unknown> {
  if (!isList(value)) yield value;
  else for (let at = 0; at < value.length; at++) yield* leaves(value[at]);
}

/** `[1][0]`: the place of a value in its list. */
function indices(at: number, shape: Shape): string {
  let rest = at;
  const found: number[] = [];
  for (const size of [...shape].reverse()) {
    found.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return found.map((index) => `[${index}]`).join('');
}

const textOfDate = (date: Date): string => date.toISOString().replace(/T00:00:00.000Z$/, '');

/** A list of texts or of whole numbers as one text. */
export function joined(list: ArrayLike<unknown>, separator: string): string | Fault {
  const classes = Array.from(list);
  const odd = classes.find(
    (one) => typeof one !== 'string' && typeof one !== 'bigint' && !Number.isInteger(one),
  );
  if (odd !== undefined || classes.includes(undefined))
    return new Fault(`${inWords(odd)} in a list of classes: names of classes are texts or whole numbers`);
  const divided = classes.find((one) => String(one).includes(separator));
  if (divided !== undefined) return new Fault(`'${divided}' holds the separator of a list of classes`);
  return classes.join(separator);
}

function inWords(value: unknown): string {
  if (value instanceof Uint8Array) return 'bytes';
  if (typeof value === 'object' && !isList(value)) return 'an object';
  return isList(value) ? 'a list' : `${value}`;
}
