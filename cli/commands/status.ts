/** `swarmgrad status URL`: prints the status of a running coordinator, once or every second. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import type { StatusView } from '../../shared/status/monitoring.js';
import { isOver } from '../../shared/status/status.js';
import { UserError } from '../../shared/user-error.js';
import { explained } from '../../worker/node/certificates.js';
import { get } from '../../worker/node/http.js';
import { addressesOf } from '../../worker/node/socket.js';
import { CREDENTIAL_OPTIONS, type Credentials, credentialsOf, TOKEN_VARIABLE } from '../input/credentials.js';
import { addFlags, givenFlags } from '../input/flags.js';
import { readStatus, statusText } from '../output/status-text.js';

const WATCH_MS = 1000;
const TIMEOUT_MS = 5000;
/** A status has at most a hundred rows. */
const MAX_BYTES = 4 << 20;

export function addStatus(program: Command): void {
  const command = program
    .command('status')
    .description('show how far a run is and who works on it')
    .argument('<url>', "the coordinator's address, http://HOST:PORT or ws://HOST:PORT")
    .option('--watch', 'show it again every second, until the run is over')
    .option('--json', 'as JSON, one object a line');
  addFlags(command, CREDENTIAL_OPTIONS).action((url: string) => showStatus(url, command));
}

async function showStatus(url: string, command: Command): Promise<void> {
  const { watch, json } = command.opts<{ watch?: true; json?: true }>();
  const credentials = credentialsOf(givenFlags(CREDENTIAL_OPTIONS, command));
  const { http } = addressesOf(url);
  const inPlace = watch && !json && process.stdout.isTTY;
  const { default: logUpdate } = inPlace ? await import('log-update') : { default: undefined };
  for (;;) {
    const status = await fetchStatus(http, credentials);
    const text = json ? JSON.stringify(status) : statusText(status);
    if (logUpdate) logUpdate(text);
    else console.log(text);
    if (!watch || isOver(status.state)) break;
    await delay(WATCH_MS);
  }
  logUpdate?.done();
}

async function fetchStatus(http: string, credentials: Credentials): Promise<StatusView> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const { status, body } = await get(`${http}/api/status`, {
    ...credentials,
    maxBytes: MAX_BYTES,
    signal,
  }).catch((error) => {
    throw new UserError(
      `no coordinator answers at ${http} (${explained(error) || 'no connection'}): is it running, is the port right?`,
    );
  });
  if (status === 200) return readStatus(body.toString());
  if (status === 401 || status === 403) {
    throw new UserError(
      `${http} asks for a token of the role admin, worker or monitor: give one by ${TOKEN_VARIABLE} or --token`,
    );
  }
  throw new UserError(`${http} answered ${status}: is it a swarmgrad coordinator?`);
}
