/** A file of rows and columns of text: its dialect and its header found, then read piece by piece. */
import { UserError } from '../../../../../../shared/user-error.js';
import { textPieces } from '../../../files/text-stream.js';
import { choiceOption, wholeOption } from '../../../options.js';
import { Column } from '../cells/column.js';
import { type DecimalMark, hintOf } from '../cells/number-field.js';
import { type Head, indexOf } from '../cells/table.js';
import type { Picked, ReadTable, TableRequest } from '../picking/reading.js';
import { addField, type Reading } from './cells.js';
import { delimiterName, delimiterOption, findDelimiter } from './dialect.js';
import { looksLikeHeader } from './header.js';
import { LineCutter, type RecordSink } from './lines.js';

/** Rows looked at for a header. */
const HEADER_ROWS = 100;
/** Characters looked at for a delimiter: all that matters of all but the widest tables. */
const DIALECT_CHARACTERS = 1 << 20;

/** @throws UserError */
export async function readCsv(request: TableRequest): Promise<ReadTable> {
  const { file, options, bytes } = request;
  const skip = wholeOption(options, 'skip', 0);
  const decimal = choiceOption(options, 'decimal', ['point', 'comma'], 'point');
  const pieces = textPieces(file, options.get('encoding'), bytes);
  let start = '';
  let isWhole = false;
  while (start.length < DIALECT_CHARACTERS && !isWhole) {
    const { value, done } = await pieces.next();
    if (done) isWhole = true;
    else start += value;
  }
  const delimiter = delimiterOption(options) ?? findDelimiter(withoutLines(start, skip), isWhole);
  const rows = new Rows(request, { delimiter, decimal, skip });
  const lines = new LineCutter(file, delimiter, skip, rows);
  lines.push(start);
  for await (const piece of pieces) lines.push(piece);
  lines.end();
  return rows.done();
}

function withoutLines(text: string, count: number): string {
  const lines = /\r\n|\n|\r/g;
  for (let left = count; left > 0; left--) if (!lines.exec(text)) return '';
  return text.slice(lines.lastIndex);
}

interface Dialect {
  delimiter: string;
  decimal: DecimalMark;
  skip: number;
}

interface Waiting {
  fields: string[];
  line: number;
}

/** Receives records: the first ones wait until it is known whether there is a header, and what is read of each column. */
class Rows implements RecordSink {
  private waiting: Waiting[] | undefined = [];
  private fields: string[] = [];
  private width = -1;
  private at = 0;
  private head!: Head;
  private picked!: Picked;
  private columns: Column[] = [];
  private readings: Reading[] = [];
  private readonly lines = new Column();

  constructor(
    private readonly request: TableRequest,
    private readonly dialect: Dialect,
  ) {}

  field(text: string, from: number, to: number): void {
    if (this.waiting) this.fields.push(text.slice(from, to).trim());
    else if (this.at < this.width) this.add(this.at, text, from, to);
    this.at++;
  }

  end(line: number): void {
    if (this.width < 0) this.width = this.at;
    if (this.at !== this.width) this.refuseWidth(line);
    this.at = 0;
    if (!this.waiting) {
      this.lines.add(line);
      return;
    }
    this.waiting.push({ fields: this.fields, line });
    this.fields = [];
    if (this.waiting.length > HEADER_ROWS) this.begin();
  }

  done(): ReadTable {
    const { file } = this.request;
    if (this.waiting?.length === 0) throw new UserError(`${file} holds no rows`);
    if (this.waiting) this.begin();
    const { decimal } = this.dialect;
    const { lines } = this;
    if (lines.length === 0) throw new UserError(`${file} holds a header and no rows`);
    const table = {
      ...this.head,
      columns: this.columns,
      rows: lines.length,
      decimal,
      placeOf: (row: number) => `${file}, line ${lines.numberAt(row)}`,
      hintOf: (text: string) => hintOf(text, decimal),
    };
    return { table, picked: this.picked };
  }

  private add(column: number, text: string, from: number, to: number): void {
    const reading = this.readings[column]!;
    if (reading !== 'not at all')
      addField(this.columns[column]!, reading, this.dialect.decimal, text, from, to);
  }

  private refuseWidth(line: number): never {
    throw new UserError(
      `${this.request.file}, line ${line}: ${this.at} fields, the first row has ${this.width} (skip=N leaves out lines at the top); the delimiter is a ${delimiterName(this.dialect.delimiter)} (delimiter=NAME gives another)`,
    );
  }

  private begin(): void {
    const rows = this.waiting!;
    this.waiting = undefined;
    const { file } = this.request;
    const hasNames = this.hasHeader(rows);
    const names = hasNames ? rows.shift()!.fields.map((name) => name.normalize('NFC')) : undefined;
    if (rows.length === 0) throw new UserError(`${file} holds a header and no rows`);
    const twice = names?.find((name, column) => names.indexOf(name) !== column);
    if (twice !== undefined) {
      throw new UserError(
        `${file} has two columns named '${twice}': rename one, or count columns by header=false&skip=${this.dialect.skip + 1}`,
      );
    }
    const named = names ? 'columns named by its first line' : 'no header';
    this.head = {
      ...{ file, width: this.width, names },
      dialect: `delimiter ${delimiterName(this.dialect.delimiter)}, ${named}`,
      widthHint: 'delimiter=NAME gives another',
    };
    this.picked = this.request.pick(this.head);
    this.columns = Array.from({ length: this.width }, () => new Column());
    this.readings = Array.from({ length: this.width }, (_, column) => this.readingOf(column));
    for (const { fields, line } of rows) {
      for (const [column, field] of fields.entries()) this.add(column, field, 0, field.length);
      this.lines.add(line);
    }
  }

  private readingOf(column: number): Reading {
    const { label, labels, features, weight } = this.picked;
    if (labels?.includes(column)) return 'numbers';
    if (column === label)
      return this.request.isRegression ? 'numbers' : this.request.several ? 'lists' : 'texts';
    if (this.request.text !== undefined && features.includes(column)) return 'texts';
    return column === weight || features.includes(column) ? 'numbers' : 'not at all';
  }

  private hasHeader(rows: readonly Waiting[]): boolean {
    const { file, options, known } = this.request;
    const given = choiceOption(options, 'header', ['true', 'false', 'auto'], 'auto');
    if (given !== 'auto') return given === 'true';
    const labels = options.list('label');
    const index = indexOf(labels[0] ?? '-1', this.width);
    const names = labels.filter((label) => indexOf(label, this.width) === undefined);
    const found = looksLikeHeader({
      rows: rows.slice(0, HEADER_ROWS).map(({ fields }) => fields),
      labelColumn: index ?? this.width - 1,
      known: [...known, ...names],
      decimal: this.dialect.decimal,
    });
    if (found !== 'unclear') return found;
    throw new UserError(
      `${file}, line ${rows[0]!.line}: partly numbers, partly text: header=true if it names the columns, header=false if it is a row`,
    );
  }
}
