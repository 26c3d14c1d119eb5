/** `swarmgrad coordinator`: runs a training from its first step to its last, or to Ctrl-C. */
import type { Command } from 'commander';
import { type GivenCoordinatorOptions, ofScope } from '../../coordinator/options/options.js';
import { moduleFile } from '../../coordinator/prepare/model/module/module-model.js';
import { rollBack } from '../../coordinator/record/checkpoint/roll-back.js';
import { runFolder } from '../../coordinator/record/folder/run-folder.js';
import { readConfiguration } from '../../coordinator/record/folder/stored-configuration.js';
import type { Continuation } from '../../coordinator/run/continuation.js';
import { joinLine } from '../../coordinator/server/network/addresses.js';
import type { RunningCoordinator } from '../../coordinator/start.js';
import type { Level } from '../../shared/status/events.js';
import { UserError } from '../../shared/user-error.js';
import { addCoordinatorFlags, coordinatorOptions } from '../input/coordinator-flags.js';
import { givenFlags } from '../input/flags.js';
import { Interrupted, type Interruption, interrupted } from '../input/interruptions.js';
import { EVENT_OPTIONS } from '../input/options.js';
import { closingText } from '../output/closing-text.js';
import { firstTokensText, invitation } from '../output/invitation.js';
import { createLog } from '../output/log.js';
import { type Display, loadDisplay } from '../output/progress.js';
import { terminalOf } from '../output/terminal.js';
import { createEventHook } from '../tasks/event-hook.js';
import { startLocalLanes } from '../tasks/local-lanes.js';
import { startLocalWorkers } from '../tasks/local-workers.js';

export function addCoordinator(program: Command): void {
  const command = program
    .command('coordinator')
    .description('start a run: serve data and weights, give out work, average the gradients')
    .addHelpText(
      'after',
      '\nExit codes: 0 finished, 1 failed, 2 wrong usage, stopped: 130 by Ctrl-C, 143 by SIGTERM,\n129 by a terminal that was closed, 141 if the reader of the output is gone.',
    );
  addCoordinatorFlags(command).action(() => runCoordinator(coordinatorOptions(command), command));
}

/** @throws UserError where the run cannot start, or fails; Interrupted where it was stopped */
export async function runCoordinator(given: GivenCoordinatorOptions, command: Command): Promise<void> {
  let interruption: Promise<Interruption> | undefined;
  // Heard once a process, and not before there is a run to end.
  const heard = () => (interruption ??= interrupted());
  for (let next: GivenCoordinatorOptions | undefined = given; next; )
    next = await leadRun(next, command, heard);
}

/** @returns with which options the run goes on, where an admin has asked for that after its end */
async function leadRun(
  given: GivenCoordinatorOptions,
  command: Command,
  heard: () => Promise<Interruption>,
): Promise<GivenCoordinatorOptions | undefined> {
  const terminal = terminalOf(command);
  // Nothing of the user's may be wrong once the run has begun.
  const { onEvent } = givenFlags(EVENT_OPTIONS, command);
  const early = createLog(terminal);
  // Loaded here, so that other commands, and workers above all, start without it.
  const { startCoordinator } = await import('../../coordinator/start.js');
  const show = await loadDisplay(terminal);
  const running = await startCoordinator(given, (what) =>
    early.say({ type: 'preparing', text: `${what} ...` }),
  );
  const interruption = heard();
  const takesToken = running.localToken !== undefined;
  const { url, runDir, firstTokens } = running;
  // Scripts wait for this: from here on the run can be joined.
  const listening = `swarmgrad coordinator listening on ${url}`;
  if (terminal.format === 'json') early.say({ type: 'listening', url, runDir, text: listening });
  else process.stdout.write(`${listening}\n`);
  // Print them even if nothing else is printed: this is the only time that they are shown.
  if (firstTokens) for (const line of firstTokensText(url, firstTokens, runDir)) console.error(line);
  const display = show({ status: () => running.status(), join: joinLine(url, takesToken) });
  if (terminal.format === 'text')
    for (const text of invitation(url, process.stderr, takesToken)) display.say({ type: 'invitation', text });
  const hint = fewStepsText(given, running.status());
  if (hint) display.say({ type: 'hint', text: hint });
  const hook =
    onEvent === undefined
      ? undefined
      : createEventHook({
          target: onEvent,
          runDir,
          warn: (text) => display.say({ type: 'warning', level: 'warning', text }),
        });
  running.onEvent((event) => {
    display.event(event);
    hook?.event(event);
  });
  // A resumed run may have its local workers from its folder.
  const { model, localWorkers, localLanes, localEngine } = await readConfiguration(runFolder(runDir));
  const common = {
    engine: localEngine ?? 'auto',
    modelFile: moduleFile(model),
    log: (worker: string, level: Level, text: string) =>
      display.say({ type: 'local-worker', level, worker, text }),
    verbose: terminal.level === 'debug',
  };
  const { door, localUrl, localToken } = running;
  const count = localWorkers ?? 0;
  if (count > 0)
    display.say({
      type: 'hint',
      text: `starting ${count === 1 ? 'a worker' : `${count} workers`} on this machine: each tries its engines before it is ready`,
    });
  const workers = startLocalWorkers({
    count,
    url: localUrl,
    token: localToken,
    ...common,
  });
  const lanes = startLocalLanes({ lanes: localLanes ?? 0, door, ...common });
  let goesOn: Continuation | undefined;
  try {
    goesOn = await untilTheEnd(running, display, interruption, given.linger ?? false);
  } finally {
    await Promise.all([workers.stop(), lanes.stop(), hook?.settled()]);
    await running.close();
  }
  if (!goesOn) return undefined;
  if (goesOn.from === 'best') await rollBack(runFolder(runDir).checkpoints, goesOn.step);
  return optionsToGoOn(given, goesOn, { runDir, url });
}

/** The run's own configuration stands in its folder; the port stays, so that pages and workers find it again. */
export function optionsToGoOn(
  given: GivenCoordinatorOptions,
  { learningRate }: Continuation,
  { runDir, url }: { runDir: string; url: string },
): GivenCoordinatorOptions {
  const { startOrResume: _, ...kept } = ofScope(given, 'call');
  const { port, protocol } = new URL(url);
  return {
    ...kept,
    ...{ runDir, resume: true, port: Number(port) || (protocol === 'https:' ? 443 : 80) },
    // Credentials in an address are kept nowhere else.
    ...(given.data === undefined ? {} : { data: given.data }),
    ...(learningRate === undefined ? {} : { resumeLr: learningRate }),
  };
}

/** Where a run that nobody has measured out is over before it can learn. */
const FEW_STEPS = 50;

/** @param given what the user has asked for: who says how long the run shall be needs no hint */
export function fewStepsText(
  { epochs, steps, batchSize, resume }: GivenCoordinatorOptions,
  run: { steps: number },
): string | undefined {
  if (epochs !== undefined || steps !== undefined || batchSize !== undefined || resume) return undefined;
  if (run.steps >= FEW_STEPS) return undefined;
  return `so few records make only ${run.steps} steps in all: --batch-size 16 --epochs 20 lets the model learn longer`;
}

/**
 * @param interruption of the process
 * @returns how the run goes on; undefined: it does not
 * @throws UserError where the run has failed; Interrupted where it was stopped
 */
export async function untilTheEnd(
  running: RunningCoordinator,
  display: Display,
  interruption: Promise<Interruption>,
  linger: boolean,
): Promise<Continuation | undefined> {
  let isOver = false;
  let signal: Interruption | undefined;
  const stopped = interruption.then((what) => {
    signal = what;
    if (isOver) return;
    const text = 'stopping: a checkpoint is being written; Ctrl-C again stops at once';
    display.say({ type: 'stopping', signal, text });
    // How it ends is told by `finished`.
    running.stop().catch(() => undefined);
  });
  const summary = await running.finished.finally(() => display.end());
  isOver = true;
  const { status, steps, samplesTrained, seconds, weightsSha256, test, reason = 'the run failed' } = summary;
  const result = { status, steps, samplesTrained, seconds, weightsSha256, test };
  display.say({ type: 'summary', ...result, text: closingText(summary, running.runDir) });
  // An interruption of the run also ends the serving.
  if (linger && !signal) {
    if (status === 'failed') display.say({ type: 'failed', level: 'error', text: reason });
    const text = `still serving on ${running.url} until Ctrl-C`;
    display.say({ type: 'serving', url: running.url, text });
    const goesOn = await Promise.race([stopped, running.continued()]);
    if (goesOn) {
      display.say({ type: 'continued', text: `goes on from step ${goesOn.step}, as an admin has asked` });
      return goesOn;
    }
  }
  if (status === 'failed') throw new UserError(reason);
  if (status === 'stopped') throw new Interrupted(signal ?? 'SIGINT');
  return undefined;
}
