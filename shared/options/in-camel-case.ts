/** What errors call options: flags for the command line, names in camelCase for programs. */
import { UserError } from '../user-error.js';
import type { Options } from './option.js';

/** `text` with each flag of an option of `block` as programs write it; other flags, of other commands, stay. */
export const inCamelCase = (text: string, block: Options): string =>
  text.replace(/--([a-z][a-z0-9-]*)/g, (flag, words: string) => {
    const name = words.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
    return Object.hasOwn(block, name) ? name : flag;
  });

/** The error as a program is told it. What is no `UserError` stays as it is. */
export function toldToProgram(error: unknown, block: Options): unknown {
  if (!(error instanceof UserError)) return error;
  const text = inCamelCase(error.message, block);
  return text === error.message ? error : new UserError(text, error.exitCode, { cause: error });
}
