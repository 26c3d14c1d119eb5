/** The options behind the question mark of a `--data` spec. */
import { UserError } from '../../../shared/user-error.js';
import type { SpecOptions } from './spec.js';

/** A whole number of at least `min`. @throws UserError */
export function wholeOption(options: SpecOptions, name: string, fallback: number, min = 0): number {
  const text = options.get(name);
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < min) {
    throw new UserError(`--data option ${name} must be a whole number of at least ${min}, not ${text}`, 2);
  }
  return value;
}

/** One of `choices`. @throws UserError */
export function choiceOption<const C extends string>(
  options: SpecOptions,
  name: string,
  choices: readonly C[],
  fallback: C,
): C {
  const text = options.get(name) ?? fallback;
  const chosen = choices.find((choice) => choice === text);
  if (chosen !== undefined) return chosen;
  const known = `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`;
  throw new UserError(`--data option ${name} must be ${known}, not ${text}`, 2);
}

/** Characters that shells, or people's eyes, make something else of. */
export const NAMED_CHARACTERS: Readonly<Record<string, string>> = {
  comma: ',',
  semicolon: ';',
  tab: '\t',
  pipe: '|',
};

/** A character by itself or by its name; undefined where none is given. @throws UserError */
export function characterOption(options: SpecOptions, name: string, others = ''): string | undefined {
  const text = options.get(name);
  if (text === undefined) return undefined;
  const delimiter = NAMED_CHARACTERS[text] ?? text;
  if ([...delimiter].length === 1 && !/["\r\n]/.test(delimiter)) return delimiter;
  throw new UserError(
    `--data option ${name} must be ${others}${Object.keys(NAMED_CHARACTERS).join(', ')}, or one character, not ${text}`,
    2,
  );
}
