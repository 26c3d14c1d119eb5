/** Texts as tokens: words in lower case and marks each for itself, characters, or the items of a list. */
import type { TokenUnit } from '../../../../../../shared/data/manifest.js';
import { ITEM } from '../values/list-of-tokens.js';

const WORD = /[\p{L}\p{N}\p{M}]+(?:['’][\p{L}\p{N}\p{M}]+)*|[^\s\p{L}\p{N}\p{M}]/gu;

export function tokensOf(text: string, unit: TokenUnit): string[] {
  if (text.startsWith(ITEM)) return text.slice(1).split(ITEM);
  const normal = text.normalize('NFC');
  return unit === 'characters' ? Array.from(normal) : (normal.toLowerCase().match(WORD) ?? []);
}

/**
 * The most frequent tokens, the most frequent first; of equally frequent ones in the order of their UTF-16 units.
 * @param most how many there may be
 */
export function vocabularyOf(texts: readonly (readonly string[])[], most: number): string[] {
  const counts = new Map<string, number>();
  for (const text of texts) for (const token of text) counts.set(token, (counts.get(token) ?? 0) + 1);
  return [...counts]
    .sort(([a, before], [b, after]) => after - before || (a < b ? -1 : 1))
    .slice(0, most)
    .map(([token]) => token);
}
