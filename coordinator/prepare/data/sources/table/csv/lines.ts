/**
 * The records of a table's text, as it comes in pieces. Lines without quotation marks are cut here, by a search for the
 * next delimiter; those with one are left to csv-parse, which knows all that quotes can do.
 */
import { parse } from 'csv-parse/sync';
import { messageOf, UserError } from '../../../../../../shared/user-error.js';
import { lineAt } from '../../../files/decode.js';

/** Hears of each record: first its fields, in their order, and then its end. */
export interface RecordSink {
  /** A field is `text` between the two places, blanks around it included. */
  field(text: string, from: number, to: number): void;
  /** @param line where the record ends, from 1 */
  end(line: number): void;
}

/** Characters of quoted records that are parsed at a time. */
const QUOTED_AT_A_TIME = 1 << 16;

export class LineCutter {
  private line = 0;
  /** What has come of a line that is not whole. */
  private left = '';
  /** Whole lines with quotation marks that wait for each other, from this line on; an open quote may end in a later line. */
  private quoted = '';
  private quotedFrom = 0;
  private isOpen = false;

  /** @param skip lines at the top to leave out */
  constructor(
    private readonly file: string,
    private readonly delimiter: string,
    private skip: number,
    private readonly sink: RecordSink,
  ) {}

  /** @throws UserError for quotation marks that stand where none may */
  push(piece: string): void {
    this.left = this.cut(this.left + piece, false);
  }

  end(): void {
    this.cut(this.left, true);
    this.left = '';
    this.flush();
  }

  /** @returns what is left of the last line. A return at the very end may have its line feed in the next piece. */
  private cut(text: string, isLast: boolean): string {
    const feeds = new Next(text, '\n');
    const returns = new Next(text, '\r');
    const quotes = new Next(text, '"');
    const delimiters = new Next(text, this.delimiter);
    let from = 0;
    while (from < text.length) {
      const end = Math.min(feeds.from(from), returns.from(from));
      if (!isLast && (end === text.length || (end === text.length - 1 && text[end] === '\r'))) break;
      const next = text[end] === '\r' && text[end + 1] === '\n' ? end + 2 : end + 1;
      this.line++;
      if (this.skip > 0) this.skip--;
      else if (this.isOpen || quotes.from(from) < end) this.keep(text.slice(from, next));
      else this.plain(text, from, end, delimiters);
      from = next;
    }
    return text.slice(from);
  }

  private plain(text: string, from: number, end: number, delimiters: Next): void {
    if (this.quoted !== '') this.flush();
    let start = from;
    let at = delimiters.from(start);
    if (at >= end && isBlank(text, start, end)) return;
    for (; at < end; at = delimiters.from(start)) {
      this.sink.field(text, start, at);
      start = at + this.delimiter.length;
    }
    this.sink.field(text, start, end);
    this.sink.end(this.line);
  }

  private keep(line: string): void {
    if (this.quoted === '') this.quotedFrom = this.line - 1;
    this.quoted += line;
    for (let at = line.indexOf('"'); at >= 0; at = line.indexOf('"', at + 1)) this.isOpen = !this.isOpen;
    if (!this.isOpen && this.quoted.length > QUOTED_AT_A_TIME) this.flush();
  }

  private flush(): void {
    const text = this.quoted;
    this.quoted = '';
    if (text === '') return;
    // The parser counts a line end of two characters twice where it stands within quotes.
    let twice = 0;
    for (const { record, info } of this.parsed(text)) {
      for (const field of record) {
        for (let at = field.indexOf('\r\n'); at >= 0; at = field.indexOf('\r\n', at + 2)) twice++;
        this.sink.field(field, 0, field.length);
      }
      this.sink.end(this.quotedFrom + info.lines - twice);
    }
  }

  private parsed(text: string): { record: string[]; info: { lines: number } }[] {
    try {
      return parse(text, {
        delimiter: this.delimiter,
        // All of them, wherever they stand: files are put together from others.
        record_delimiter: ['\r\n', '\n', '\r'],
        trim: true,
        skip_empty_lines: true,
        info: true,
        relax_column_count: true,
      }) as unknown as { record: string[]; info: { lines: number } }[];
    } catch (error) {
      throw new UserError(`${this.file}, ${quoteFault(text, this.quotedFrom, error)}`);
    }
  }
}

/** The parser takes every table but one whose quotation marks are wrong. */
function quoteFault(text: string, before: number, error: unknown): string {
  const { code, lines } = error as { code?: string; lines?: number };
  if (code === 'CSV_QUOTE_NOT_CLOSED')
    return `line ${before + lineAt(text, text.lastIndexOf('"'))}: a quotation mark opens a field that never ends`;
  return `line ${before + (lines ?? 1)}: a quotation mark in the middle of a field (or no table: ${messageOf(error)}): put such a field into quotation marks, and double those within it`;
}

const isBlank = (text: string, from: number, end: number): boolean => text.slice(from, end).trim() === '';

/** Where something stands next in a text: asked with growing places, it looks at each character once. */
class Next {
  private found = -1;

  constructor(
    private readonly text: string,
    private readonly wanted: string,
  ) {}

  /** @returns the length of the text where there is none */
  from(place: number): number {
    if (this.found < place) {
      const at = this.text.indexOf(this.wanted, place);
      this.found = at < 0 ? this.text.length : at;
    }
    return this.found;
  }
}
