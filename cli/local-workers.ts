/**
 * The worker processes that a coordinator starts on its own machine. One that fails is told, and not
 * started again: what failed once would fail for ever, and other workers may still join.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { LONE_COLLECTOR } from '../shared/lone-collector.js';
import { TOKEN_VARIABLE } from './credentials.js';

/** A worker that does not leave in this time is killed. */
const GRACE_MS = 3000;

export interface LocalWorkersOptions {
  count: number;
  /** `http://HOST:PORT`, reachable from this machine. */
  url: string;
  /** What they show, if the coordinator asks for it. */
  token: string | undefined;
  engine: string;
  log(text: string): void;
  /** Also log what the workers say. */
  verbose: boolean;
}

export interface LocalWorkers {
  /** Resolves when all have ended. */
  stop(): Promise<void>;
}

export function startLocalWorkers(options: LocalWorkersOptions): LocalWorkers {
  const children = Array.from({ length: options.count }, (_, i) => startOne(`local-${i + 1}`, options));
  return {
    stop: async () => {
      await Promise.all(children.map(end));
    },
  };
}

/** The channel between the two processes closes when this one dies, however it dies: the worker then ends. */
function startOne(name: string, { url, token, engine, log, verbose }: LocalWorkersOptions): ChildProcess {
  const flags = [...new Set([...process.execArgv, LONE_COLLECTOR])];
  const args = [...flags, process.argv[1]!, 'worker', url, '--name', name, '--engine', engine];
  if (verbose) args.push('--verbose');
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    windowsHide: true,
    // Not among the arguments, which everyone on this machine can read.
    env: { ...process.env, [TOKEN_VARIABLE]: token },
  });
  let lastLine = '';
  createInterface({ input: child.stderr! }).on('line', (line) => {
    lastLine = line;
    if (verbose) log(`${name}: ${line}`);
  });
  child.on('error', (error) => log(`local worker ${name} cannot be started: ${error.message}`));
  child.on('close', (code, signal) => {
    if (code === 0 || child.killed) return;
    log(`local worker ${name} ended (${signal ?? `exit code ${code}`})${lastLine && `: ${lastLine}`}`);
  });
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = once(child, 'exit');
  if (child.connected) child.disconnect();
  const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  await ended;
  clearTimeout(timer);
}
