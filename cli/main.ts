/** The command line: one file a command; errors in one line, with the exit code that they carry. */
import { Command, CommanderError } from 'commander';
import { messageOf, UserError } from '../shared/user-error.js';
import { VERSION } from '../shared/version.js';
import { addCoordinator } from './commands/coordinator.js';
import { addDashboard } from './commands/dashboard.js';
import { addData } from './commands/data/data.js';
import { addEngines } from './commands/engines.js';
import { addMetrics } from './commands/metrics.js';
import { addStart } from './commands/start.js';
import { addStatus } from './commands/status.js';
import { addToken } from './commands/token.js';
import { addEvaluate } from './commands/trained/evaluate.js';
import { addExport } from './commands/trained/export.js';
import { addGenerate } from './commands/trained/generate.js';
import { addPredict } from './commands/trained/predict.js';
import { addWorker } from './commands/worker.js';
import { Interrupted } from './input/interruptions.js';
import { jsonLine, type LogFormat } from './output/log.js';
import { asksForJson } from './output/terminal.js';

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
    addPredict,
    addGenerate,
    addMetrics,
    addEngines,
    addData,
    addDashboard,
    addToken,
  ];
  for (const add of commands) add(program);
  try {
    await program.parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    return tell(error, { verbose: args.includes('--verbose'), format: asksForJson(args) ? 'json' : 'text' });
  }
}

/** @returns the exit code */
function tell(error: unknown, options: { verbose: boolean; format: LogFormat }): number {
  if (error instanceof Interrupted) return error.exitCode;
  if (error instanceof CommanderError) {
    // Help and version were asked for, and are not errors.
    if (error.exitCode === 0) return 0;
    const text = error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ');
    if (error.code !== 'commander.help') complain(text, 2, options);
    return 2;
  }
  const isExplained = error instanceof UserError;
  const exitCode = isExplained ? error.exitCode : 1;
  const text = isExplained ? error.message : `${messageOf(error)} (unexpected; --verbose shows where)`;
  complain(text, exitCode, options, error);
  return exitCode;
}

/** With that of what caused it: a user's own module has thrown there. */
function stackOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const cause = stackOf(error.cause);
  return cause === undefined ? error.stack : `${error.stack}\nCaused by: ${cause}`;
}

function complain(
  text: string,
  exitCode: number,
  { verbose, format }: { verbose: boolean; format: LogFormat },
  error?: unknown,
): void {
  const stack = verbose ? stackOf(error) : undefined;
  if (format === 'json') {
    process.stdout.write(jsonLine({ level: 'error', type: 'failed', exitCode, stack, text }, Date.now()));
    return;
  }
  console.error(`swarmgrad: ${text}`);
  if (stack !== undefined) console.error(stack);
}
