/** The flags of the commands that start a coordinator, with `--config FILE` under them. */
import type { Command } from 'commander';
import { COORDINATOR_OPTIONS, type GivenCoordinatorOptions } from '../../coordinator/options/options.js';
import { addFlags, givenFlags, optionsFromFile } from './flags.js';
import { ENVIRONMENT_HELP, EVENT_OPTIONS, FILE_OPTIONS, TERMINAL_OPTIONS } from './options.js';

export function addCoordinatorFlags(command: Command): Command {
  for (const block of [COORDINATOR_OPTIONS, EVENT_OPTIONS, FILE_OPTIONS, TERMINAL_OPTIONS])
    addFlags(command, block);
  return command.addHelpText('after', ENVIRONMENT_HELP);
}

/** Flags over the options of `--config`. @throws UserError */
export function coordinatorOptions(command: Command): GivenCoordinatorOptions {
  const flags = givenFlags(COORDINATOR_OPTIONS, command);
  const { config } = givenFlags(FILE_OPTIONS, command);
  return config === undefined ? flags : { ...optionsFromFile(COORDINATOR_OPTIONS, config), ...flags };
}
