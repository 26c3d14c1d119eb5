/** `swarmgrad coordinator`: runs a training from its first step to its last, or to Ctrl-C. */
import type { Command } from 'commander';
import { readConfiguration, runFolder } from '../coordinator/record/run-folder.js';
import { joinLine } from '../coordinator/server/addresses.js';
import type { RunningCoordinator } from '../coordinator/start.js';
import { type GivenCoordinatorOptions, TERMINAL_OPTIONS } from '../shared/options.js';
import { UserError } from '../shared/user-error.js';
import { closingText } from './closing-text.js';
import { addCoordinatorFlags, coordinatorOptions } from './coordinator-flags.js';
import { givenFlags } from './flags.js';
import { Interrupted, type Interruption, interrupted } from './interruptions.js';
import { firstTokensText, invitation } from './invitation.js';
import { startLocalWorkers } from './local-workers.js';
import { createDisplay, type Display } from './progress.js';

export function addCoordinator(program: Command): void {
  const command = program
    .command('coordinator')
    .description('start a run: serve data and weights, give out work, average the gradients')
    .addHelpText(
      'after',
      '\nExit codes: 0 finished, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C, 143 by SIGTERM.',
    );
  addCoordinatorFlags(command).action(() => runCoordinator(coordinatorOptions(command), command));
}

/** @throws UserError where the run cannot start, or fails; Interrupted where it was stopped */
export async function runCoordinator(given: GivenCoordinatorOptions, command: Command): Promise<void> {
  const { quiet = false, verbose = false } = givenFlags(TERMINAL_OPTIONS, command);
  // Loaded here, so that other commands, and workers above all, start without it.
  const { startCoordinator } = await import('../coordinator/start.js');
  const running = await startCoordinator(given);
  // Scripts wait for this line: from here on the run can be joined.
  process.stdout.write(`swarmgrad coordinator listening on ${running.url}\n`);
  const takesToken = running.localToken !== undefined;
  const { firstTokens } = running;
  // Even where nothing else is to be said: nobody could ever know them.
  if (firstTokens)
    for (const line of firstTokensText(running.url, firstTokens, running.runDir)) console.error(line);
  const display = createDisplay({
    quiet,
    verbose,
    status: () => running.status(),
    join: joinLine(running.url, takesToken),
    stream: process.stderr,
  });
  for (const line of invitation(running.url, process.stderr, takesToken)) display.log(line);
  running.onEvent((event) => display.event(event));
  // A resumed run may have its local workers from its folder.
  const { localWorkers, localEngine } = await readConfiguration(runFolder(running.runDir));
  const workers = startLocalWorkers({
    count: localWorkers ?? 0,
    engine: localEngine ?? 'auto',
    url: running.localUrl,
    token: running.localToken,
    log: (text) => display.log(text),
    verbose,
  });
  try {
    await untilTheEnd(running, display, given.linger ?? false);
  } finally {
    await workers.stop();
    await running.close();
  }
}

async function untilTheEnd(running: RunningCoordinator, display: Display, linger: boolean): Promise<void> {
  let isOver = false;
  let signal: Interruption = 'SIGINT';
  const stopped = interrupted().then((interruption) => {
    signal = interruption;
    if (isOver) return;
    display.log('stopping: a checkpoint is being written; Ctrl-C again stops at once');
    // How it ends is told by `finished`.
    running.stop().catch(() => undefined);
  });
  const summary = await running.finished.finally(() => display.end());
  isOver = true;
  display.log(closingText(summary, running.runDir));
  if (summary.status === 'failed') throw new UserError(summary.reason ?? 'the run failed');
  if (summary.status === 'stopped') throw new Interrupted(signal);
  if (linger) {
    display.log(`still serving on ${running.url} until Ctrl-C`);
    await stopped;
  }
}
