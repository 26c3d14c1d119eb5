/** The options behind the question mark of a `--data` spec. */
import { UserError } from '../../shared/user-error.js';

/** @throws UserError for an option that the source does not know */
export function allowOnly(scheme: string, query: URLSearchParams, known: readonly string[]): void {
  const unknown = [...query.keys()].find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const remedy = known.length > 0 ? `known are ${known.join(', ')}` : 'it has none';
  throw new UserError(`--data ${scheme}: unknown option ${unknown}; ${remedy}`, 2);
}

/** A whole number of at least `min`. @throws UserError */
export function wholeOption(query: URLSearchParams, name: string, fallback: number, min = 0): number {
  const text = query.get(name);
  if (text === null) return fallback;
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < min) {
    throw new UserError(`--data option ${name} must be a whole number of at least ${min}, not ${text}`, 2);
  }
  return value;
}
