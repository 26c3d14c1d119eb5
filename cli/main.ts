/** The command line: one file a command; errors in one line, with the exit code that they carry. */
import { Command, CommanderError } from 'commander';
import { messageOf, UserError } from '../shared/user-error.js';
import { VERSION } from '../shared/version.js';
import { addCoordinator } from './coordinator.js';
import { addDashboard } from './dashboard.js';
import { addEngines } from './engines.js';
import { addEvaluate } from './evaluate.js';
import { addExport } from './export.js';
import { addGenerate } from './generate.js';
import { Interrupted } from './interruptions.js';
import { addStart } from './start.js';
import { addStatus } from './status.js';
import { addToken } from './token.js';
import { addWorker } from './worker.js';

/** @returns the exit code: 0 done, 1 failed, 2 wrong usage, 130 or 143 interrupted; never throws */
export async function main(args: readonly string[]): Promise<number> {
  const program = new Command('swarmgrad')
    .description('Distributed training of TensorFlow.js models over WebSockets, exact to the bit')
    .version(VERSION)
    .exitOverride()
    // Usage errors are told below, like all others.
    .configureOutput({ outputError: () => undefined });
  const commands = [
    addStart,
    addCoordinator,
    addWorker,
    addStatus,
    addEvaluate,
    addExport,
    addGenerate,
    addEngines,
    addDashboard,
    addToken,
  ];
  for (const add of commands) add(program);
  try {
    await program.parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    return tell(error, args.includes('--verbose'));
  }
}

/** @returns the exit code */
function tell(error: unknown, verbose: boolean): number {
  if (error instanceof Interrupted) return error.exitCode;
  if (error instanceof CommanderError) {
    // Help and version were asked for, and are not errors.
    if (error.exitCode === 0) return 0;
    const text = error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ');
    if (error.code !== 'commander.help') complain(text);
    return 2;
  }
  const isExplained = error instanceof UserError;
  complain(isExplained ? error.message : `${messageOf(error)} (unexpected; --verbose shows where)`);
  if (verbose && error instanceof Error) console.error(error.stack);
  return isExplained ? error.exitCode : 1;
}

function complain(text: string): void {
  console.error(`swarmgrad: ${text}`);
}
