/** `swarmgrad worker URL`: computes for a run until it ends; comes back when the connection is lost. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { TERMINAL_OPTIONS, WORKER_OPTIONS } from '../shared/options.js';
import { withDefaults } from '../shared/read-options.js';
import type { RunningWorker } from '../worker/node/start.js';
import { credentialsOf } from './credentials.js';
import { addFlags, givenFlags } from './flags.js';
import { count } from './format.js';
import { interrupted } from './interruptions.js';

export function addWorker(program: Command): void {
  const command = program
    .command('worker')
    .description('join a run and compute for it, until it ends')
    .argument('<url>', "the coordinator's address, ws://HOST:PORT or http://HOST:PORT");
  for (const block of [WORKER_OPTIONS, TERMINAL_OPTIONS]) addFlags(command, block);
  command.action((url: string) => runWorker(url, command));
}

async function runWorker(url: string, command: Command): Promise<void> {
  const { name, engine, token, ca, threads, giveUpAfter, cacheDir, cacheMb } = withDefaults(
    WORKER_OPTIONS,
    givenFlags(WORKER_OPTIONS, command),
  );
  const { quiet = false } = givenFlags(TERMINAL_OPTIONS, command);
  const log = quiet ? () => undefined : (text: string) => console.error(text);
  const { startWorker } = await import('../worker/node/start.js');
  const worker = startWorker({
    url,
    engine,
    cacheDir: cacheDir ?? systemCacheFolder(),
    cacheMb,
    threads,
    giveUpAfter,
    log,
    ...credentialsOf({ token, ca }),
    ...(name === undefined ? {} : { name }),
  });
  endWith(worker);
  const { why, samples } = await worker.finished;
  log(`done: ${why}; ${count(samples)} samples computed`);
}

/** When to leave early: Ctrl-C, or, as a coordinator's local worker, the death of the coordinator. */
function endWith(worker: RunningWorker): void {
  if (!process.connected) {
    interrupted().then(() => worker.stop());
    return;
  }
  // A terminal sends Ctrl-C to the coordinator's workers too. They are still needed for its last step.
  process.on('SIGINT', () => undefined);
  process.on('disconnect', () => {
    worker.stop().finally(() => process.exit());
  });
  // The channel alone must not keep a worker alive whose run is over.
  process.channel?.unref();
}

/** Where each system keeps what programs can fetch again. */
function systemCacheFolder(): string {
  const { env, platform } = process;
  if (platform === 'win32')
    return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'swarmgrad', 'cache');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'swarmgrad');
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'swarmgrad');
}
