/** The command line: one file a command; errors in one line, with the exit code that they carry. */
import { Command, CommanderError } from 'commander';
import { messageOf, UserError } from '../shared/user-error.js';
import { VERSION } from '../shared/version.js';
import { Interrupted } from './input/interruptions.js';
import { jsonLine, type LogFormat } from './output/log.js';
import { asksForJson } from './output/terminal.js';

/** In the order of `--help`. Each file is loaded when its command is asked for: a worker starts without the coordinator. */
const COMMANDS: Readonly<Record<string, () => Promise<(program: Command) => void>>> = {
  start: async () => (await import('./commands/start.js')).addStart,
  coordinator: async () => (await import('./commands/coordinator.js')).addCoordinator,
  worker: async () => (await import('./commands/worker.js')).addWorker,
  status: async () => (await import('./commands/status.js')).addStatus,
  evaluate: async () => (await import('./commands/trained/evaluate.js')).addEvaluate,
  export: async () => (await import('./commands/trained/export.js')).addExport,
  predict: async () => (await import('./commands/trained/predict.js')).addPredict,
  generate: async () => (await import('./commands/trained/generate.js')).addGenerate,
  metrics: async () => (await import('./commands/metrics.js')).addMetrics,
  engines: async () => (await import('./commands/engines.js')).addEngines,
  data: async () => (await import('./commands/data/data.js')).addData,
  dashboard: async () => (await import('./commands/dashboard.js')).addDashboard,
  token: async () => (await import('./commands/token.js')).addToken,
};

/** @returns the exit code: 0 done, 1 failed, 2 wrong usage, 130 or 143 interrupted; never throws */
export async function main(args: readonly string[]): Promise<number> {
  const program = new Command('swarmgrad')
    .description('Distributed training of TensorFlow.js models over WebSockets, exact to the bit')
    .version(VERSION)
    .exitOverride()
    // Usage errors are told below, like all others.
    .configureOutput({ outputError: () => undefined });
  try {
    for (const load of commandsFor(args)) (await load())(program);
    await program.parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    return tell(error, { verbose: args.includes('--verbose'), format: asksForJson(args) ? 'json' : 'text' });
  }
}

/** The one that is asked for; all of them for help, for the version, and to tell which there are. */
function commandsFor([name = '']: readonly string[]): (() => Promise<(program: Command) => void>)[] {
  return Object.hasOwn(COMMANDS, name) ? [COMMANDS[name]!] : Object.values(COMMANDS);
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
