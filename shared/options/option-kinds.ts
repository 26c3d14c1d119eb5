import { ENGINE_NAMES, engineOf } from '../engines/engines.js';

/**
 * Kinds of option values. Each reads text from a command line and values from JSON alike, and says in
 * words what it takes, so that one sentence serves the help and every error.
 */
export interface Kind<T> {
  /** What stands for the value in the help; undefined for a switch, which takes none. */
  readonly placeholder: string | undefined;
  /** Completes "must be ...". */
  readonly must: string;
  /** Words that it takes, for who mistypes one. */
  readonly words?: readonly string[];
  /** The value, or undefined if `value` is none. */
  read(value: unknown): T | undefined;
}

const kind = <T>(
  placeholder: string | undefined,
  must: string,
  read: (value: unknown) => T | undefined,
): Kind<T> => ({ placeholder, must, read });

/** Only plain decimal text: neither '' nor '0x10' nor ' 7' is meant as a number by anyone. */
function toNumber(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value)
    ? Number(value)
    : NaN;
}

export function whole(min: number, max = Number.MAX_SAFE_INTEGER): Kind<number> {
  const bound = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  return kind('N', `a whole number ${bound}`, (value) => {
    const number = toNumber(value);
    return Number.isSafeInteger(number) && number >= min && number <= max ? number : undefined;
  });
}

/** A finite number; `test` narrows it, in the words of `must`. */
export function real(must: string, test: (value: number) => boolean, placeholder = 'X'): Kind<number> {
  return kind(placeholder, must, (value) => {
    const number = toNumber(value);
    return Number.isFinite(number) && test(number) ? number : undefined;
  });
}

export const positive = real('a number above 0', (value) => value > 0);
export const notNegative = real('a number of at least 0', (value) => value >= 0);
export const fraction = real('a number from 0 to below 1', (value) => value >= 0 && value < 1);
export const share = real('a number from 0 to 1', (value) => value >= 0 && value <= 1);
export const seconds = (min: number, max: number): Kind<number> =>
  real(`a number of seconds from ${min} to ${max}`, (value) => value >= min && value <= max, 'SECONDS');

export const power = (max: number): Kind<number> =>
  kind('N', `a power of two from 1 to ${max}`, (value) => {
    const number = toNumber(value);
    return Number.isInteger(Math.log2(number)) && number >= 1 && number <= max ? number : undefined;
  });

export const text = (placeholder: string, must = 'a text that is not empty'): Kind<string> =>
  kind(placeholder, must, (value) => (typeof value === 'string' && value !== '' ? value : undefined));

/** Text; in JSON also an object, which stands for its text. */
export const textOrObject = (placeholder: string): Kind<string> =>
  kind(placeholder, 'a text that is not empty, or an object', (value) => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return JSON.stringify(value);
    return typeof value === 'string' && value !== '' ? value : undefined;
  });

export const oneOf = <T extends string>(placeholder: string, words: readonly T[]): Kind<T> => ({
  ...kind(placeholder, words.length === 1 ? words[0]! : `one of ${words.join(', ')}`, (value) =>
    words.find((word) => word === value),
  ),
  words,
});

/** One of `words` or of the engines; `classes`: also a class of one, with all that follows its name. */
export const engine = (placeholder: string, words: readonly string[], classes = false): Kind<string> => {
  const known = [...words, ...ENGINE_NAMES];
  const isKnown = (value: string) => known.includes(classes ? engineOf(value) : value);
  return {
    ...kind(placeholder, `${words.join(', ')}, or one of ${ENGINE_NAMES.join(', ')}`, (value) =>
      typeof value === 'string' && isKnown(value) ? value : undefined,
    ),
    words: known,
  };
};

/** Text of a form that a regular expression tells, for example `window:4`. */
export const matching = (placeholder: string, must: string, form: RegExp): Kind<string> =>
  kind(placeholder, must, (value) => (typeof value === 'string' && form.test(value) ? value : undefined));

export const either = <A, B>(first: Kind<A>, second: Kind<B>): Kind<A | B> => ({
  words: [...(first.words ?? []), ...(second.words ?? [])],
  ...kind<A | B>(
    `${first.placeholder}|${second.placeholder}`,
    `${first.must}, or ${second.must}`,
    (value) => first.read(value) ?? second.read(value),
  ),
});

/** A word in place of a value. */
export const word = <T extends string>(value: T): Kind<T> => oneOf(value, [value]);

/** A flag that is on if given; in JSON, true or false. */
export const toggle: Kind<boolean> = kind(undefined, 'true or false', (value) =>
  typeof value === 'boolean' ? value : undefined,
);
