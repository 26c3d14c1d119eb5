/** What a command says and how, by the flags of its user: both commands that run for long have them. */
import type { Command } from 'commander';
import { withDefaults } from '../../shared/options/read-options.js';
import { UserError } from '../../shared/user-error.js';
import { givenFlags } from '../input/flags.js';
import { TERMINAL_OPTIONS } from '../input/options.js';
import type { LogOptions } from './log.js';

export interface Terminal extends LogOptions {
  /** No progress display. */
  quiet: boolean;
}

/** @throws UserError for flags that contradict each other */
export function terminalOf(command: Command): Terminal {
  const given = givenFlags(TERMINAL_OPTIONS, command);
  const { quiet, verbose, logFormat: format, logLevel } = withDefaults(TERMINAL_OPTIONS, given);
  if (quiet && logLevel !== undefined)
    throw new UserError('--quiet and --log-level contradict each other: give one of them', 2);
  const usual = verbose ? 'debug' : 'info';
  return { quiet, format, level: quiet ? 'error' : (logLevel ?? usual) };
}

/** Whether the user asked for a log in JSON: known also where the command line itself is in error. */
export const asksForJson = (args: readonly string[]): boolean =>
  args.some((arg, at) => arg === '--log-format=json' || (arg === '--log-format' && args[at + 1] === 'json'));
