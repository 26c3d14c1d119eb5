/** The flags of the commands that start a coordinator, with `--config FILE` under them. */
import type { Command } from 'commander';
import {
  COORDINATOR_OPTIONS,
  FILE_OPTIONS,
  type GivenCoordinatorOptions,
  TERMINAL_OPTIONS,
} from '../shared/options.js';
import { addFlags, givenFlags, optionsFromFile } from './flags.js';

export function addCoordinatorFlags(command: Command): Command {
  for (const block of [COORDINATOR_OPTIONS, FILE_OPTIONS, TERMINAL_OPTIONS]) addFlags(command, block);
  return command;
}

/** Flags over the options of `--config`. @throws UserError */
export function coordinatorOptions(command: Command): GivenCoordinatorOptions {
  const flags = givenFlags(COORDINATOR_OPTIONS, command);
  const { config } = givenFlags(FILE_OPTIONS, command);
  return config === undefined ? flags : { ...optionsFromFile(COORDINATOR_OPTIONS, config), ...flags };
}
