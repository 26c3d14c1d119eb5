/**
 * What the user wants told of a run's events (`--on-event`): a command, which gets each as a line of JSON on its
 * standard input, or an address, to which each is posted. One after the other, beside the run, which never waits.
 */
import { spawn } from 'node:child_process';
import { setTimeout as rest } from 'node:timers/promises';
import PQueue from 'p-queue';
import { isAtLeast, type LoggedEvent } from '../../shared/status/events.js';
import { messageOf } from '../../shared/user-error.js';
import { jsonLine } from '../output/log.js';

/** How many events may wait. */
const MAX_WAITING = 1000;
const POST_TRIES = 3;
const POST_MS = 5000;
const RETRY_MS = 1000;
const COMMAND_MS = 60_000;
/** How long the last events may take once the run is over. */
const PATIENCE_MS = 15_000;

export interface EventHook {
  event(event: LoggedEvent): void;
  /** Resolves when all events have been told, or will not be; never rejects. */
  settled(): Promise<void>;
}

export interface EventHookOptions {
  /** A command for the shell, or an http(s) address. */
  target: string;
  /** Of the run, told with each event. */
  runDir: string;
  warn(text: string): void;
  /** For tests: milliseconds between tries, and for the last events. */
  retryMs?: number;
  patienceMs?: number;
}

const isAddress = (target: string): boolean => /^https?:\/\//i.test(target);

export function createEventHook(options: EventHookOptions): EventHook {
  const { target, runDir, warn, retryMs = RETRY_MS, patienceMs = PATIENCE_MS } = options;
  const queue = new PQueue({ concurrency: 1 });
  const stopping = new AbortController();
  // An address may hold a secret.
  const name = isAddress(target) ? target.split('/', 3).join('/') : target.trim().split(' ')[0]!;
  let untold = 0;
  let hasWarned = false;
  const failed = (reason: string) => {
    untold++;
    if (hasWarned) return;
    hasWarned = true;
    warn(`--on-event ${name}: ${reason}; the run goes on, and the next events are tried anew`);
  };
  const tell = isAddress(target)
    ? (line: string) => post(target, line, retryMs, stopping.signal)
    : (line: string, type: string) => run(target, line, type, stopping.signal);
  return {
    event: ({ id: _, at, ...event }) => {
      if (!isAtLeast(event.level, 'info')) return;
      if (queue.size >= MAX_WAITING) {
        failed(`it is slower than the events: ${MAX_WAITING} wait, and others are left out`);
        return;
      }
      // `content` is what Discord shows, `text` what Slack and others do.
      const line = jsonLine({ ...event, runDir, content: event.text }, at);
      void queue.add(() => tell(line, event.type)).catch((error) => failed(messageOf(error)));
    },
    settled: async () => {
      const late = AbortSignal.timeout(patienceMs);
      late.addEventListener('abort', () => {
        untold += queue.size;
        queue.clear();
        stopping.abort(new Error(`the last events took longer than ${patienceMs / 1000} s`));
      });
      await queue.onIdle();
      if (untold > 1) warn(`--on-event ${name}: ${untold} events in all could not be told`);
    },
  };
}

/** @throws Error with why it was not taken */
async function post(address: string, body: string, retryMs: number, stopping: AbortSignal): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const answer = await tryPost(address, body, stopping);
    if (answer === undefined) return;
    // What the receiver calls wrong stays wrong.
    if (!answer.again || attempt === POST_TRIES || stopping.aborted) throw new Error(answer.reason);
    await rest(retryMs, undefined, { signal: stopping }).catch(() => undefined);
  }
}

async function tryPost(
  address: string,
  body: string,
  stopping: AbortSignal,
): Promise<{ reason: string; again: boolean } | undefined> {
  try {
    const signal = AbortSignal.any([stopping, AbortSignal.timeout(POST_MS)]);
    const headers = { 'content-type': 'application/json' };
    const { ok, status, body: answer } = await fetch(address, { method: 'POST', body, headers, signal });
    // What it says is of no use, but holds the connection.
    await answer?.cancel();
    if (ok) return undefined;
    return { reason: `it answered ${status}`, again: status === 429 || status >= 500 };
  } catch (error) {
    const { cause } = error as { cause?: unknown };
    return { reason: messageOf(cause ?? error), again: true };
  }
}

/** @throws Error with how the command ended */
function run(command: string, line: string, type: string, stopping: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([stopping, AbortSignal.timeout(COMMAND_MS)]);
  return new Promise((resolve, reject) => {
    const child = spawn(command, {
      shell: true,
      stdio: ['pipe', 'ignore', 'inherit'],
      env: { ...process.env, SWARMGRAD_EVENT: type },
      signal,
      killSignal: 'SIGKILL',
    });
    child.on('error', () => reject(new Error(`it was ended: ${messageOf(signal.reason)}`)));
    child.on('exit', (code, by) =>
      code === 0 ? resolve() : reject(new Error(by ? `it was ended by ${by}` : `it ended with code ${code}`)),
    );
    // A command may end without reading.
    child.stdin.on('error', () => undefined);
    child.stdin.end(line);
  });
}
