/** Rows of a table whose column of texts becomes records: the numbers of tokens, and padding behind them. */
import { FIRST_TOKEN, type Tokens, UNKNOWN_TOKEN } from '../../../../../../shared/data/manifest.js';
import { UserError } from '../../../../../../shared/user-error.js';
import { numberFault } from '../cells/faults.js';
import { cellPlace, textAt, titleOf } from '../cells/table.js';
import type { Part } from '../picking/parts.js';
import { tokensOf } from './tokenize.js';

/** The tokens of each row. @throws UserError for a row that has none */
export function tokensOfRows({ table, picked, rows }: Part, unit: Tokens['unit']): string[][] {
  const column = picked.features[0]!;
  const cells = table.columns[column]!;
  return rows.map((row) => {
    const odd = cells.oddAt(row);
    if (odd && odd.kind !== 'text' && odd.kind !== 'missing') throw numberFault(table, row, column);
    const text = odd?.kind === 'missing' ? '' : (odd?.text ?? textAt(table, row, column)!);
    const tokens = tokensOf(text, unit);
    if (tokens.length > 0) return tokens;
    throw new UserError(
      `${cellPlace(table, row, column)}: '${text || (odd?.text ?? '')}' has no ${unit}: leave the row out${odd?.kind === 'missing' ? ` (missing=${titleOf(table, column)}:drop)` : ''}`,
    );
  });
}

/** Row after row; what is longer than `length` is cut behind it. */
export function recordsOfTokens(
  texts: readonly (readonly string[])[],
  vocabulary: readonly string[],
  length: number,
): Int32Array {
  const numbers = new Map(vocabulary.map((token, at) => [token, at + FIRST_TOKEN]));
  const x = new Int32Array(texts.length * length);
  for (const [record, tokens] of texts.entries())
    for (let at = 0; at < Math.min(length, tokens.length); at++)
      x[record * length + at] = numbers.get(tokens[at]!) ?? UNKNOWN_TOKEN;
  return x;
}

/** How many tokens there are, and how many of them the vocabulary lacks. */
export function countUnknown(
  texts: readonly (readonly string[])[],
  vocabulary: readonly string[],
): { tokens: number; unknown: number } {
  const known = new Set(vocabulary);
  let [tokens, unknown] = [0, 0];
  for (const text of texts) {
    tokens += text.length;
    for (const token of text) if (!known.has(token)) unknown++;
  }
  return { tokens, unknown };
}
