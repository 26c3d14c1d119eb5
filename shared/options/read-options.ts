/** Reads options from unknown values; an error is one line that names the option, the value and the remedy. */
import { UserError } from '../user-error.js';
import { closest, didYouMean } from './closest.js';
import type { Filled, Given, Options } from './option.js';

/** How the user wrote the names: `--batch-size`, or `batchSize` (with where: a file, a function). */
export type Spelling = 'flag' | { where: string };

export const flagOf = (name: string): string =>
  `--${name.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`)}`;

/**
 * Checks each value and turns text into numbers. `undefined` counts as not given.
 * @throws UserError for a name that is no option, and for a value that its option does not take
 */
export function readOptions<B extends Options>(block: B, raw: unknown, spelling: Spelling): Given<B> {
  const where = spelling === 'flag' ? '' : `${spelling.where}: `;
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    throw new UserError(`${where}must hold one object of options, for example {"batchSize": 128}`, 2);
  }
  const given: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(raw)) {
    if (!Object.hasOwn(block, name)) throw new UserError(`${where}${unknownOption(block, name)}`, 2);
    if (value === undefined) continue;
    const { kind } = block[name]!;
    given[name] = kind.read(value);
    if (given[name] === undefined) {
      const shown = spelling === 'flag' ? flagOf(name) : name;
      const meant = didYouMean(value, kind.words ?? []);
      throw new UserError(`${where}${shown} must be ${kind.must}, not ${show(value)}${meant}`, 2);
    }
  }
  return given as Given<B>;
}

/** All options of the block, `given` over the defaults. */
export function withDefaults<B extends Options>(block: B, given: Given<B>): Filled<B> {
  const filled = Object.entries(block).map(([name, spec]) => [name, given[name as keyof B] ?? spec.default]);
  return Object.fromEntries(filled) as Filled<B>;
}

function unknownOption(block: Options, name: string): string {
  const plain = (text: string) => text.replace(/[^a-z0-9]/gi, '').toLowerCase();
  const known = Object.keys(block);
  const similar = known.find((each) => plain(each) === plain(name)) ?? closest(name, known);
  const remedy = similar ? `did you mean ${similar}?` : `known are ${known.join(', ')}`;
  return `unknown option ${name}; ${remedy}`;
}

function show(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return JSON.stringify(value) ?? String(value);
}
