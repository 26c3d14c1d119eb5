/** A list of tokens as one text, as a column holds it. */
import { Fault } from './value-column.js';

/**
 * Begins a text that was a list, and stands between its items: a separator of ASCII that texts do not have. A list of
 * no items is an empty text.
 */
export const ITEM = '\u001f';

const KINDS: readonly string[] = ['string', 'number', 'bigint', 'boolean'];

/** One text, of which `tokensOf` (texts/tokenize.ts) makes the items again. */
export function tokensOfList(list: ArrayLike<unknown>): string | Fault {
  const items = Array.from(list, (item) => (KINDS.includes(typeof item) ? String(item) : undefined));
  if (items.some((item) => item === undefined || item.includes(ITEM)))
    return new Fault('a list of other things than texts and numbers');
  return items.map((item) => `${ITEM}${item}`).join('');
}
