/** What separates the fields of a table, found in its first records or given by name. */
import { characterOption, NAMED_CHARACTERS } from '../../../options.js';
import type { SpecOptions } from '../../../spec.js';
import { isNumber } from '../cells/number-field.js';

const CANDIDATES = Object.values(NAMED_CHARACTERS);
/** Records looked at. */
const LOOKED_AT = 20;

/** @returns undefined where it is to be found. @throws UserError */
export const delimiterOption = (options: SpecOptions): string | undefined =>
  options.get('delimiter') === 'auto' ? undefined : characterOption(options, 'delimiter', 'auto, ');

export const delimiterName = (delimiter: string): string =>
  Object.keys(NAMED_CHARACTERS).find((name) => NAMED_CHARACTERS[name] === delimiter) ?? delimiter;

/**
 * The candidate that cuts all of the first records into equally many fields, more than one. Where several do
 * (a semicolon between numbers with decimal commas), the one that gives more numbers; a comma where none does.
 * @param isWhole whether the text ends where the file does: else its last record is cut off somewhere
 */
export function findDelimiter(text: string, isWhole = true): string {
  const found = CANDIDATES.map((delimiter) => ({
    delimiter,
    ...scoreOf(firstRecords(text, delimiter, isWhole)),
  }))
    .filter(({ width }) => width > 1)
    .sort((a, b) => b.numbers - a.numbers || b.width - a.width);
  return found[0]?.delimiter ?? ',';
}

function scoreOf(records: string[][]): { width: number; numbers: number } {
  const [head = [], ...others] = records;
  const width = others.every((fields) => fields.length === head.length) ? head.length : 0;
  const fields = (others.length > 0 ? others : records).flat().map((field) => field.trim());
  const numeric = fields.filter((field) => isNumber(field, 'point') || isNumber(field, 'comma'));
  return { width, numbers: numeric.length / Math.max(1, fields.length) };
}

/** Roughly as the parser cuts them: quotes are looked through, not undone. */
function firstRecords(text: string, delimiter: string, isWhole: boolean): string[][] {
  const records: string[][] = [];
  let fields: string[] = [];
  let from = 0;
  let isQuoted = false;
  for (let at = 0; at <= text.length && records.length < LOOKED_AT; at++) {
    const character = text[at];
    if (character === '"') isQuoted = !isQuoted;
    if (character === undefined && !isWhole) break;
    const isEnd = character === undefined || ((character === '\n' || character === '\r') && !isQuoted);
    if (!isEnd && (character !== delimiter || isQuoted)) continue;
    fields.push(text.slice(from, at));
    from = at + 1;
    if (!isEnd) continue;
    if (fields.length > 1 || fields[0]!.trim() !== '') records.push(fields);
    fields = [];
  }
  return records;
}
