/**
 * A real cluster for tests: the built command line, one process for the coordinator and one for each
 * worker, all on loopback and free ports. Whatever a test forgets is killed after it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { Summary } from '../../../coordinator/record/folder/summary.js';
import type { Status } from '../../../shared/status/status.js';
import { LATE_WASM_TIERS } from '../setup/wasm-tiers.js';

const BIN = fileURLToPath(new URL('../../../dist/cli/swarmgrad.js', import.meta.url));

export type OnEnd = (end: () => Promise<unknown>) => void;

export async function temporaryFolder(onEnd: OnEnd = onTestFinished as never): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'swarmgrad-test-'));
  onEnd(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface Program {
  child: ChildProcess;
  pid: number;
  stdout: string;
  stderr: string;
  /** The exit code, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals>;
  /** Resolves at the first line, of those to come and those that came, that matches. */
  line(pattern: RegExp): Promise<string>;
}

/** Runs `swarmgrad ARGS`. */
export const swarmgrad = (...args: string[]): Program => startProgram(args);

interface ProgramOptions {
  node?: string[];
  env?: NodeJS.ProcessEnv;
  /** Where its end is left; by default after the test. */
  onEnd?: OnEnd;
}

/** The same, with flags for Node itself, and more in its environment. */
export function startProgram(
  args: string[],
  { node = [], env = {}, onEnd = onTestFinished as never }: ProgramOptions = {},
): Program {
  const child = spawn(process.execPath, [LATE_WASM_TIERS, ...node, BIN, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const heard = heardLines();
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  const program: Program = {
    child,
    pid: child.pid!,
    stdout: '',
    stderr: '',
    ended,
    line: (pattern) => heard.line(pattern, ended),
  };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]!.on('data', (text) => {
      program[name] += text;
    });
    createInterface({ input: child[name]! }).on('line', heard.add);
  }
  onEnd(async () => {
    child.kill('SIGKILL');
  });
  return program;
}

/** What was said line by line, and who waits for a line. */
export function heardLines() {
  const lines: string[] = [];
  const watchers = new Set<(line: string) => void>();
  return {
    add(line: string): void {
      lines.push(line);
      for (const watch of [...watchers]) watch(line);
    },
    text: () => lines.join('\n'),
    /** Resolves at the first line, of those to come and those that came, that matches; rejects where it ends without. */
    line: (pattern: RegExp, ended: Promise<unknown>) =>
      new Promise<string>((resolve, reject) => {
        const past = lines.find((line) => pattern.test(line));
        if (past) return resolve(past);
        const watch = (line: string) => {
          if (!pattern.test(line)) return;
          watchers.delete(watch);
          resolve(line);
        };
        watchers.add(watch);
        ended.then(
          (how) => reject(new Error(`ended (${how}) without ${pattern}:\n${lines.join('\n')}`)),
          reject,
        );
      }),
  };
}

/** A coordinator, wherever it runs. */
export interface Cluster {
  program: Pick<Program, 'ended' | 'line' | 'stderr'>;
  url: string;
  runDir: string;
}

export interface RunningCluster extends Cluster {
  program: Program;
}

/** Starts a coordinator and waits until it can be joined. */
export const coordinator = (runDir: string, ...options: string[]): Promise<RunningCluster> =>
  listening(runDir, swarmgrad('coordinator', '--port', '0', '--run-dir', runDir, ...options));

async function listening(runDir: string, program: Program): Promise<RunningCluster> {
  const line = await program.line(/listening on http/);
  return { program, url: /http:\S+/.exec(line)![0], runDir };
}

export function worker(url: string, ...options: string[]): Program {
  return swarmgrad('worker', url, ...options);
}

export async function summaryOf(runDir: string): Promise<Summary> {
  return JSON.parse(await readFile(join(runDir, 'summary.json'), 'utf8'));
}

/** Lines of metrics.jsonl, without what measures time. */
export function metricsOf(runDir: string): Record<string, unknown>[] {
  const text = readFileSync(join(runDir, 'metrics.jsonl'), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const { time, ...rest } = JSON.parse(line);
      return rest;
    });
}

export async function statusOf(url: string): Promise<Status> {
  return (await (await fetch(`${url}/api/status`)).json()) as Status;
}

/** Asks for what an admin on the coordinator's machine may do, by the route's last word. */
export function administer(url: string, action: string, body: unknown = {}): Promise<Response> {
  const headers = { 'X-Swarmgrad-Admin': '1' };
  return fetch(`${url}/api/admin/${action}`, { method: 'POST', headers, body: JSON.stringify(body) });
}

/** A run whose status stays the same for so long stands still, on the busiest machine. */
const STANDSTILL_MS = 120_000;
/** Each question costs the coordinator a millisecond or two. */
const ASK_AGAIN_MS = 50;

/** Resolves with the first status that is meant; rejects when the coordinator is gone, or the run stands still. */
export async function statusThat(
  { url, program }: Cluster,
  what: string,
  isMeant: (status: Status) => boolean,
): Promise<Status> {
  let [last, since] = ['', performance.now()];
  for (;;) {
    const status = await statusOf(url);
    if (isMeant(status)) return status;
    const now = `${status.state} at step ${status.step}, ${status.workers.length} workers`;
    if (now !== last) [last, since] = [now, performance.now()];
    if (performance.now() - since > STANDSTILL_MS)
      throw new Error(`not ${what}, but ${now} for ${STANDSTILL_MS / 1000} s:\n${program.stderr}`);
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  }
}

/** Resolves once the run waits for workers: it has passed the place before its next step. */
export async function waiting(cluster: Cluster): Promise<void> {
  await statusThat(cluster, 'waiting', ({ state }) => state === 'waiting');
}

/** Resolves once the run has made at least `step` updates, or is over. */
export function reached(cluster: Cluster, step: number): Promise<Status> {
  return statusThat(
    cluster,
    `at step ${step}`,
    (status) => status.step >= step || ['finished', 'failed', 'stopped'].includes(status.state),
  );
}
