/** Processes of light-worker.mjs. Whatever a test forgets is killed after it. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const WORKER = fileURLToPath(new URL('light-worker.mjs', import.meta.url));

export interface LightWorker {
  kill(): void;
  freeze(ms: number): void;
  said(): string;
  /** Rejects if it ends by itself. */
  lives: Promise<never>;
}

export interface LightWorkerOptions {
  /** Where the run asks for one. */
  token?: string;
  /** Milliseconds of a shard beside its arithmetic; default: 4. */
  shardMs?: number;
}

export function lightWorker(
  url: string,
  name: string,
  { token = '', shardMs = 4 }: LightWorkerOptions = {},
): LightWorker {
  const child = spawn(process.execPath, [WORKER, url, name], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, SWARMGRAD_TOKEN: token, SHARD_MS: String(shardMs) },
  });
  let said = '';
  child.stderr.on('data', (text) => {
    said += text;
  });
  let killed = false;
  const kill = () => {
    killed = true;
    child.kill('SIGKILL');
  };
  onTestFinished(kill);
  const lives = new Promise<never>((_, reject) => {
    child.on('close', (code) => {
      if (!killed && code !== 0) reject(new Error(`worker ${name} ended by itself (${code}): ${said}`));
    });
  });
  lives.catch(() => undefined);
  return {
    kill,
    lives,
    freeze(ms) {
      child.kill('SIGSTOP');
      setTimeout(() => child.kill('SIGCONT'), ms);
    },
    said: () => said,
  };
}
