/** Turns blocks of options (`shared/options/option.ts`) into command-line flags with help, and reads them back. */
import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import type { Given, OptionSpec, Options } from '../../shared/options/option.js';
import { flagOf, readOptions } from '../../shared/options/read-options.js';
import { messageOf, UserError } from '../../shared/user-error.js';

/** Adds a flag for each option of the block. Defaults are only told: an option not given stays undefined. */
export function addFlags(command: Command, block: Options): Command {
  for (const [name, spec] of Object.entries(block)) {
    const { placeholder } = spec.kind;
    const flag = placeholder === undefined ? flagOf(name) : `${flagOf(name)} <${placeholder}>`;
    command.addOption(new Option(flag, helpOf(spec)));
  }
  return command;
}

/** The flags of `block` among those that the user gave. @throws UserError for a value it does not take */
export function givenFlags<B extends Options>(block: B, command: Command): Given<B> {
  const given = Object.entries(command.opts()).filter(([name]) => Object.hasOwn(block, name));
  return readOptions(block, Object.fromEntries(given), 'flag');
}

/** Options from a JSON file, by their names in camelCase. @throws UserError naming file, option and value */
export function optionsFromFile<B extends Options>(block: B, path: string): Given<B> {
  let raw: unknown;
  try {
    raw = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UserError(`--config ${path} cannot be read: ${messageOf(error)}`, 2);
  }
  return readOptions(block, raw, { where: path });
}

function helpOf({ kind, meaning, default: value, otherwise }: OptionSpec<unknown>): string {
  if (kind.placeholder === undefined) return meaning;
  return `${meaning} (default: ${value ?? otherwise})`;
}
