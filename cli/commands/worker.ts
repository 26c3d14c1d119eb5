/** `swarmgrad worker URL`: computes for a run until it ends; comes back when the connection is lost. */
import type { Command } from 'commander';
import { systemCacheFolder } from '../../coordinator/prepare/data/files/address/system-cache.js';
import { withDefaults } from '../../shared/options/read-options.js';
import { levelOfWorkerEvent } from '../../shared/status/worker-events.js';
import { WORKER_OPTIONS } from '../../worker/node/options.js';
import type { RunningWorker } from '../../worker/node/start.js';
import { credentialsOf } from '../input/credentials.js';
import { addFlags, givenFlags } from '../input/flags.js';
import { interrupted } from '../input/interruptions.js';
import { ENVIRONMENT_HELP, TERMINAL_OPTIONS } from '../input/options.js';
import { count } from '../output/format.js';
import { createLog } from '../output/log.js';
import { terminalOf } from '../output/terminal.js';

export function addWorker(program: Command): void {
  const command = program
    .command('worker')
    .description('join a run and compute for it, until it ends')
    .argument('<url>', "the coordinator's address, ws://HOST:PORT or http://HOST:PORT");
  for (const block of [WORKER_OPTIONS, TERMINAL_OPTIONS]) addFlags(command, block);
  command.addHelpText('after', ENVIRONMENT_HELP);
  command.action((url: string) => runWorker(url, command));
}

async function runWorker(url: string, command: Command): Promise<void> {
  const { name, engine, modelFile, token, ca, lanes, threads, transport, giveUpAfter, cacheDir, cacheMb } =
    withDefaults(WORKER_OPTIONS, givenFlags(WORKER_OPTIONS, command));
  const log = createLog(terminalOf(command));
  const { startWorker } = await import('../../worker/node/start.js');
  log.say({ type: 'joining', url, text: `joining ${url} ...` });
  const worker = startWorker({
    url,
    engine,
    modelFile,
    cacheDir: cacheDir ?? systemCacheFolder(),
    cacheMb,
    lanes,
    threads,
    transport,
    giveUpAfter,
    onEvent: (event) => log.say({ ...event, level: levelOfWorkerEvent(event) }),
    ...credentialsOf({ token, ca }),
    ...(name === undefined ? {} : { name }),
  });
  endWith(worker);
  const { why, samples } = await worker.finished;
  log.say({ type: 'done', why, samples, text: `done: ${why}; ${count(samples)} samples computed` });
}

/** When to leave early: Ctrl-C, or, as a coordinator's local worker, the death of the coordinator. */
function endWith(worker: RunningWorker): void {
  if (!process.connected) {
    interrupted().then(() => worker.stop());
    return;
  }
  // A terminal sends Ctrl-C to the coordinator's workers too. They are still needed for its last step.
  process.on('SIGINT', () => undefined);
  // ...and a terminal that is closed tells them as well.
  process.on('SIGHUP', () => undefined);
  process.on('disconnect', () => {
    worker.stop().finally(() => process.exit());
  });
  // The channel alone must not keep a worker alive whose run is over.
  process.channel?.unref();
}
