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
import type { Summary } from '../../coordinator/record/summary.js';
import type { Status } from '../../shared/status.js';

const BIN = fileURLToPath(new URL('../../dist/cli/swarmgrad.js', import.meta.url));

export async function temporaryFolder(
  onEnd: (end: () => Promise<unknown>) => void = onTestFinished as never,
): Promise<string> {
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
export const swarmgrad = (...args: string[]): Program => swarmgradIn(process.cwd(), ...args);

/** The same, started in another folder. */
export const swarmgradIn = (cwd: string, ...args: string[]): Program => startProgram(args, { cwd });

/** The same, with flags for Node itself. */
export function startProgram(
  args: string[],
  { cwd = process.cwd(), node = [] }: { cwd?: string; node?: string[] } = {},
): Program {
  const child = spawn(process.execPath, [...node, BIN, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  const watchers = new Set<(line: string) => void>();
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  const program: Program = {
    child,
    pid: child.pid!,
    stdout: '',
    stderr: '',
    ended,
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const past = lines.find((line) => pattern.test(line));
        if (past) return resolve(past);
        const watch = (line: string) => {
          if (!pattern.test(line)) return;
          watchers.delete(watch);
          resolve(line);
        };
        watchers.add(watch);
        ended.then((how) => reject(new Error(`ended (${how}) without ${pattern}:\n${program.stderr}`)));
      }),
  };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]!.on('data', (text) => {
      program[name] += text;
    });
    createInterface({ input: child[name]! }).on('line', (line) => {
      lines.push(line);
      for (const watch of [...watchers]) watch(line);
    });
  }
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return program;
}

export interface RunningCluster {
  program: Program;
  url: string;
  runDir: string;
}

/** Starts a coordinator and waits until it can be joined. */
export async function coordinator(runDir: string, ...options: string[]): Promise<RunningCluster> {
  const program = swarmgrad('coordinator', '--port', '0', '--run-dir', runDir, ...options);
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

/** Resolves once the run waits for workers: it has passed the place before its next step. */
export async function waiting(cluster: RunningCluster): Promise<void> {
  while ((await statusOf(cluster.url)).state !== 'waiting')
    await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Resolves once the run has made at least `step` updates, asking again and again; rejects when it is gone. */
export async function reached(cluster: RunningCluster, step: number): Promise<Status> {
  for (;;) {
    const status = await statusOf(cluster.url);
    if (status.step >= step || ['finished', 'failed', 'stopped'].includes(status.state)) return status;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
