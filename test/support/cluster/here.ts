/**
 * The command line and the coordinator in this process: what they say and how they end, without the seconds that a
 * process takes to load them and to build a model that others have built. Who is to be killed needs a process: cluster.ts.
 */
import { Command } from 'commander';
import { onTestFinished, vi } from 'vitest';
import { addCoordinatorFlags, coordinatorOptions } from '../../../cli/input/coordinator-flags.js';
import { main } from '../../../cli/main.js';
import type { Cluster, OnEnd } from './cluster.js';

export interface Said {
  /** The exit code. */
  code: number;
  out: string;
  err: string;
}

/** Runs `swarmgrad ARGS` to its end. Two at a time would hear each other. */
export async function commandHere(...args: string[]): Promise<Said> {
  let [out, err] = ['', ''];
  const catchAll = (add: (text: string) => void) => (text: unknown) => {
    add(String(text));
    return true;
  };
  const spies = [
    vi.spyOn(console, 'log').mockImplementation(catchAll((text) => (out += `${text}\n`))),
    vi.spyOn(console, 'error').mockImplementation(catchAll((text) => (err += `${text}\n`))),
    vi.spyOn(process.stdout, 'write').mockImplementation(catchAll((text) => (out += text))),
    vi.spyOn(process.stderr, 'write').mockImplementation(catchAll((text) => (err += text))),
  ];
  try {
    return { code: await main(args), out, err };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** What a command prints that must succeed. */
export async function printedHere(...args: string[]): Promise<string> {
  const { code, out, err } = await commandHere(...args);
  if (code !== 0) throw new Error(`swarmgrad ${args.join(' ')} ended with ${code}:\n${err}`);
  return out;
}

export interface ClusterHere extends Cluster {
  /** Ends the run, or the serving after it. */
  stop(): Promise<void>;
}

/** Starts what `swarmgrad coordinator` does with these flags; its local workers are processes, as there. */
export const coordinatorHere = (runDir: string, ...flags: string[]): Promise<ClusterHere> =>
  coordinatorUntil(onTestFinished as never, runDir, flags);

/** One for all tests of a file: `beforeAll` calls it, and `onEnd` is `afterAll`. */
export async function coordinatorUntil(
  onEnd: OnEnd,
  runDir: string,
  flags: readonly string[],
): Promise<ClusterHere> {
  const given = coordinatorOptions(addCoordinatorFlags(new Command()).parse(flags, { from: 'user' }));
  const { startCoordinator } = await import('../../../coordinator/start.js');
  const { startLocalLanes } = await import('../../../cli/tasks/local-lanes.js');
  const { heardLines, worker } = await import('./cluster.js');
  const running = await startCoordinator({ port: 0, runDir, ...given });
  const heard = heardLines();
  running.onEvent(({ text }) => heard.add(text));
  const { localWorkers = 0, localLanes = 0, localEngine = 'auto', linger = false } = given;
  const workers = Array.from({ length: localWorkers }, (_, i) =>
    worker(running.url, ...['--name', `local-${i + 1}`, '--engine', localEngine, '--lanes', '1']),
  );
  const lanes = startLocalLanes({
    lanes: localLanes,
    door: running.door,
    engine: localEngine,
    modelFile: undefined,
    log: (_worker, _level, text) => heard.add(text),
    verbose: true,
  });
  const close = async () => {
    await Promise.all([...workers.map(({ ended }) => ended), lanes.stop()]);
    await running.close();
  };
  onEnd(() => running.close());
  const ended = running.finished.then(async ({ status }) => {
    if (!linger) await close();
    return status === 'finished' ? 0 : 1;
  });
  ended.catch(() => undefined);
  const program = {
    ended,
    line: (pattern: RegExp) => heard.line(pattern, ended),
    get stderr() {
      return heard.text();
    },
  };
  return {
    url: running.url,
    runDir,
    program,
    stop: async () => {
      await running.stop();
      await ended;
      if (linger) await close();
    },
  };
}
