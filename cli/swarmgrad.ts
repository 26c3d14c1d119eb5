#!/usr/bin/env node
/** The command line: one file a command; errors in one line, with the exit code that they carry. */
import { Command, CommanderError } from 'commander';
import { VERSION } from '../coordinator/record/version.js';
import { messageOf, UserError } from '../shared/user-error.js';
import { addCoordinator } from './coordinator.js';
import { addEvaluate } from './evaluate.js';
import { addExport } from './export.js';
import { addStart } from './start.js';
import { addStatus } from './status.js';
import { addWorker } from './worker.js';

const program = new Command('swarmgrad')
  .description('Distributed training of TensorFlow.js models over WebSockets, exact to the bit')
  .version(VERSION)
  .exitOverride()
  // Usage errors are told below, like all others.
  .configureOutput({ outputError: () => undefined });

for (const add of [addStart, addCoordinator, addWorker, addStatus, addEvaluate, addExport]) add(program);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = tell(error);
}

/** @returns the exit code */
function tell(error: unknown): number {
  if (error instanceof CommanderError) {
    // Help and version were asked for, and are not errors.
    if (error.exitCode === 0) return 0;
    if (error.code !== 'commander.help') complain(error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' '));
    return 2;
  }
  const isExplained = error instanceof UserError;
  complain(isExplained ? error.message : `${messageOf(error)} (unexpected; --verbose shows where)`);
  if (process.argv.includes('--verbose') && error instanceof Error) console.error(error.stack);
  return isExplained ? error.exitCode : 1;
}

function complain(text: string): void {
  console.error(`swarmgrad: ${text}`);
}
