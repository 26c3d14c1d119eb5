/** Fields of a table's text as cells: numbers, or what else they are. */
import type { Column } from '../cells/column.js';
import { type DecimalMark, isMissing, isNumber, numberOf } from '../cells/number-field.js';
import { plainNumber } from './number.js';

/**
 * What a column is read as: `texts` keeps how numbers are written, as the names of classes need it. Where `lists` of
 * classes stand, an empty cell is a list of none.
 */
export type Reading = 'numbers' | 'texts' | 'lists' | 'not at all';

const BLANK = 0x20;

export function addField(
  column: Column,
  reading: Exclude<Reading, 'not at all'>,
  decimal: DecimalMark,
  ...[text, from, to]: [text: string, from: number, to: number]
): void {
  if (reading === 'numbers') {
    let [start, end] = [from, to];
    while (start < end && text.charCodeAt(start) === BLANK) start++;
    while (start < end && text.charCodeAt(end - 1) === BLANK) end--;
    const plain = plainNumber(text, start, end, decimal === 'point' ? 0x2e : 0x2c);
    if (!Number.isNaN(plain)) {
      column.add(plain);
      return;
    }
  }
  const field = text.slice(from, to).trim();
  if (reading === 'numbers') {
    const value = numberOf(field, decimal);
    if (Number.isFinite(Math.fround(value))) {
      column.add(value);
      return;
    }
    if (isNumber(field, decimal)) {
      column.addOdd('beyond', field);
      return;
    }
  }
  const isList = reading === 'lists' && field === '';
  column.addOdd(isMissing(field) && !isList ? 'missing' : 'text', field);
}
