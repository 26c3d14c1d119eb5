/** `swarmgrad status URL`: what a running coordinator says of itself, once or every second. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import logUpdate from 'log-update';
import { isOver, type Status } from '../shared/status.js';
import { messageOf, UserError } from '../shared/user-error.js';
import { addressesOf } from '../worker/node/socket.js';
import { statusText } from './status-text.js';

const WATCH_MS = 1000;
const TIMEOUT_MS = 5000;

export function addStatus(program: Command): void {
  program
    .command('status')
    .description('show how far a run is and who works on it')
    .argument('<url>', "the coordinator's address, http://HOST:PORT or ws://HOST:PORT")
    .option('--watch', 'show it again every second, until the run is over')
    .option('--json', 'as JSON, one object a line')
    .action(showStatus);
}

async function showStatus(url: string, { watch, json }: { watch?: true; json?: true }): Promise<void> {
  const { http } = addressesOf(url);
  const inPlace = watch && !json && process.stdout.isTTY;
  for (;;) {
    const status = await fetchStatus(http);
    const text = json ? JSON.stringify(status) : statusText(status);
    if (inPlace) logUpdate(text);
    else console.log(text);
    if (!watch || isOver(status.state)) break;
    await delay(WATCH_MS);
  }
  if (inPlace) logUpdate.done();
}

async function fetchStatus(http: string): Promise<Status> {
  let response: Response;
  try {
    response = await fetch(`${http}/api/status`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.ok) return (await response.json()) as Status;
  } catch (error) {
    const cause =
      error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error);
    throw new UserError(
      `no coordinator answers at ${http} (${cause || 'no connection'}): is it running, is the port right?`,
    );
  }
  throw new UserError(`${http} answered ${response.status}: is it a swarmgrad coordinator?`);
}
