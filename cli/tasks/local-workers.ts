/**
 * The worker processes that a coordinator starts on its own machine. One that fails is told, and not
 * started again: what failed once would fail for ever, and other workers may still join.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { isTraceLine } from '../../shared/protocol/trace.js';
import type { Level } from '../../shared/status/events.js';
import { dividedLanes } from '../../worker/node/lanes.js';
import { processors } from '../../worker/node/processors.js';
import { TOKEN_VARIABLE } from '../input/credentials.js';
import { SINGLE_THREADED_GC } from '../input/node-flags.js';

/** A worker that does not leave in this time is killed. */
const GRACE_MS = 3000;

export interface LocalWorkersOptions {
  count: number;
  /** `http://HOST:PORT`, reachable from this machine. */
  url: string;
  /** What they show, if the coordinator asks for it. */
  token: string | undefined;
  engine: string;
  /** The file of the model's program, where it is one. */
  modelFile: string | undefined;
  log(worker: string, level: Level, text: string): void;
  /** Also log what the workers say. */
  verbose: boolean;
}

export interface LocalWorkers {
  /** Resolves when all have ended. */
  stop(): Promise<void>;
}

export function startLocalWorkers(options: LocalWorkersOptions): LocalWorkers {
  // Otherwise each would count the whole machine as its own.
  const children = dividedLanes(options.count, processors()).map((lanes, i) =>
    startOne(`local-${i + 1}`, lanes, options),
  );
  return {
    stop: async () => {
      await Promise.all(children.map(end));
    },
  };
}

/** The channel between the two processes closes when this one dies, however it dies: the worker then ends. */
function startOne(
  name: string,
  lanes: number,
  { url, token, engine, modelFile, log, verbose }: LocalWorkersOptions,
): ChildProcess {
  const flags = [...new Set([...process.execArgv, SINGLE_THREADED_GC])];
  const args = [...flags, process.argv[1]!, 'worker', url, '--name', name, '--engine', engine];
  args.push('--lanes', String(lanes));
  if (modelFile !== undefined) args.push('--model-file', modelFile);
  if (verbose) args.push('--verbose');
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    windowsHide: true,
    // Not among the arguments, which everyone on this machine can read.
    env: { ...process.env, [TOKEN_VARIABLE]: token },
  });
  let lastLine = '';
  createInterface({ input: child.stderr! }).on('line', (line) => {
    // Not among the log, which may be shown in a way of its own.
    if (isTraceLine(line)) return void process.stderr.write(`${line}\n`);
    lastLine = line;
    if (verbose) log(name, 'debug', `${name}: ${line}`);
  });
  child.on('error', (error) =>
    log(name, 'warning', `local worker ${name} cannot be started: ${error.message}`),
  );
  child.on('close', (code, signal) => {
    if (code === 0 || child.killed) return;
    const how = `${signal ?? `exit code ${code}`}`;
    log(name, 'warning', `local worker ${name} ended (${how})${lastLine && `: ${lastLine}`}`);
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
