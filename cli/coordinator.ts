/** `swarmgrad coordinator`: runs a training from its first step to its last, or to Ctrl-C. */
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import type { Summary } from '../coordinator/record/summary.js';
import { type RunningCoordinator, startCoordinator } from '../coordinator/start.js';
import {
  COORDINATOR_OPTIONS,
  FILE_OPTIONS,
  type GivenCoordinatorOptions,
  TERMINAL_OPTIONS,
} from '../shared/options.js';
import { joinLine, reachableLocally } from './addresses.js';
import { interruptions } from './interruptions.js';
import { addFlags, givenFlags, optionsFromFile } from './flags.js';
import { startLocalWorkers } from './local-workers.js';
import { createDisplay, type Display } from './progress.js';
import { closingText } from './closing-text.js';

/** Stopped by Ctrl-C or SIGTERM, cleanly or at once: what shells expect of an interrupted program. */
const EXIT_INTERRUPTED = 130;

export function addCoordinator(program: Command): void {
  const command = program
    .command('coordinator')
    .description('start a run: serve data and weights, give out work, average the gradients')
    .addHelpText('after', '\nExit codes: 0 finished, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C.');
  addCoordinatorFlags(command).action(async () => {
    process.exitCode = await runCoordinator(coordinatorOptions(command), command);
  });
}

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

/** @returns the exit code. @throws UserError where the run cannot start */
export async function runCoordinator(given: GivenCoordinatorOptions, command: Command): Promise<number> {
  const { quiet = false, verbose = false } = givenFlags(TERMINAL_OPTIONS, command);
  const running = await startCoordinator(given);
  // Scripts wait for this line: from here on the run can be joined.
  process.stdout.write(`swarmgrad coordinator listening on ${running.url}\n`);
  const display = createDisplay({
    quiet,
    verbose,
    status: () => running.status(),
    join: joinLine(running.url),
    stream: process.stderr,
  });
  running.events.on('event', (event) => display.event(event));
  const workers = startLocalWorkers({
    count: running.options.localWorkers,
    engine: running.options.localEngine,
    url: reachableLocally(running.url),
    script: fileURLToPath(new URL('./swarmgrad.js', import.meta.url)),
    log: (text) => display.log(text),
    verbose,
  });
  try {
    return await untilTheEnd(running, display);
  } finally {
    display.end();
    await workers.stop();
    await running.close();
  }
}

async function untilTheEnd(running: RunningCoordinator, display: Display): Promise<number> {
  const interrupted = interruptions(() => process.exit(EXIT_INTERRUPTED));
  const stopped = interrupted.then(() => {
    display.log('stopping: a checkpoint is being written; Ctrl-C again stops at once');
    return running.stop();
  });
  const summary = await running.finished;
  display.end();
  display.log(closingText(summary, running.runDir));
  if (running.options.linger && summary.status === 'finished') {
    display.log(`still serving on ${running.url} until Ctrl-C`);
    await interrupted;
  }
  if (summary.status === 'stopped') await stopped;
  return exitCodeOf(summary);
}

function exitCodeOf({ status }: Summary): number {
  switch (status) {
    case 'finished':
      return 0;
    case 'failed':
      return 1;
    case 'stopped':
      return EXIT_INTERRUPTED;
  }
}
