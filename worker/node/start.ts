/** Wires a worker in Node: connects, computes until the run ends, comes back when the connection is lost. */
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { monotonicClock } from '../../shared/clock.js';
import { CLOSE, closeText, mayRetry } from '../../shared/protocol/close-codes.js';
import type { Welcome } from '../../shared/protocol/messages.js';
import { messageOf, UserError } from '../../shared/user-error.js';
import { Fence } from '../fence.js';
import { prepareMaterial, type RunMaterial, sameMaterial } from '../material.js';
import { MemoryCache, type ObjectCache } from '../object-cache.js';
import { Session } from '../session.js';
import { DiskCache } from './disk-cache.js';
import { startEngineThread } from './engine-thread.js';
import { addressesOf, openSocket } from './socket.js';

const FIRST_RETRY_MS = 250;
/** A coordinator that is back must not wait for its workers. */
const LONGEST_RETRY_MS = 3_000;
const MEMORY_CACHE_BYTES = 1 << 20;

export interface StartWorkerOptions {
  /** `ws://HOST:PORT` or `http://HOST:PORT` of the coordinator. */
  url: string;
  /** For people to read; default: host name and process id. */
  name?: string;
  /** `auto` or the name of an engine, for example `eager/wasm`. */
  engine?: string;
  /** Threads of the engine, where it has them; default: its own choice. */
  threads?: number;
  /** Where data chunks are kept between runs; default: nowhere but in memory. */
  cacheDir?: string;
  /** Megabytes that the cache may take. */
  cacheMb?: number;
  /** Hears one line at a time. */
  log?: (text: string) => void;
}

export interface RunningWorker {
  /** Resolves when the run is over or the worker was stopped. @throws UserError if it was refused. */
  finished: Promise<{ why: string; samples: number }>;
  /** Leaves at once; what it has in hand goes to others. */
  stop(): Promise<void>;
}

export function startWorker(options: StartWorkerOptions): RunningWorker {
  const worker = new NodeWorker(options);
  return { finished: worker.run(), stop: () => worker.stop() };
}

class NodeWorker {
  private readonly log: (text: string) => void;
  private readonly name: string;
  private readonly addresses: { http: string; swarm: string };
  private readonly cache: ObjectCache;
  private readonly fence = new Fence();
  private readonly stopping = new AbortController();
  private material: { welcome: Welcome; material: Promise<RunMaterial> } | undefined;
  private samples = 0;
  private attempt = 0;
  private done: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: StartWorkerOptions) {
    this.log = options.log ?? (() => undefined);
    this.name = options.name ?? `${hostname()}-${process.pid}`;
    this.addresses = addressesOf(options.url);
    this.cache = options.cacheDir
      ? new DiskCache({ dir: options.cacheDir, budgetBytes: (options.cacheMb ?? 2048) * 1e6, warn: this.log })
      : new MemoryCache(MEMORY_CACHE_BYTES);
  }

  run(): Promise<{ why: string; samples: number }> {
    const run = this.connectUntilDone().finally(() => this.release());
    this.done = run.catch(() => undefined);
    return run;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.done;
  }

  private async connectUntilDone(): Promise<{ why: string; samples: number }> {
    for (;;) {
      const { code, why } = await this.connectOnce();
      if (this.stopping.signal.aborted) return { why: 'stopped', samples: this.samples };
      if (code === CLOSE.finished.code) return { why, samples: this.samples };
      if (!mayRetry(code)) throw new UserError(`the coordinator refused this worker: ${why}`);
      const ms = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.attempt++);
      // Jitter: workers that lost the same coordinator must not all come back in the same instant.
      const wait = ms * (0.5 + Math.random() / 2);
      this.log(
        `connection to ${this.addresses.http} lost (${why}); trying again in ${(wait / 1000).toFixed(1)} s`,
      );
      await delay(wait, undefined, { signal: this.stopping.signal }).catch(() => undefined);
      if (this.stopping.signal.aborted) return { why: 'stopped', samples: this.samples };
    }
  }

  /** One connection, from opening to closing. */
  private connectOnce(): Promise<{ code: number; why: string }> {
    return new Promise((resolve) => {
      const { ws, socket } = openSocket(this.addresses.swarm);
      let problem = '';
      const fail = (error: unknown) => {
        problem = messageOf(error);
        // A damaged engine is not used again: the next connection starts a new one.
        if (!(error instanceof UserError)) this.forget();
        const reason = error instanceof UserError ? CLOSE.leaving : CLOSE.failed;
        ws.close(reason.code, closeText(problem));
      };
      const session = new Session({
        name: this.name,
        kind: 'node',
        socket,
        clock: monotonicClock,
        prepare: (welcome) => this.prepare(welcome),
        fail,
        log: this.log,
      });
      const stop = () => ws.close(CLOSE.leaving.code, 'stopped');
      this.stopping.signal.addEventListener('abort', stop);
      ws.on('open', () => {
        this.attempt = 0;
        this.log(`connected to ${this.addresses.http}`);
        if (this.stopping.signal.aborted) stop();
        else session.opened();
      });
      ws.on('message', (data) => {
        try {
          session.received(data as Buffer);
        } catch (error) {
          problem = messageOf(error);
          ws.close(CLOSE.malformed.code, closeText(problem));
        }
      });
      ws.on('error', (error) => {
        problem ||= messageOf(error);
      });
      ws.on('close', (code, reason) => {
        this.stopping.signal.removeEventListener('abort', stop);
        session.close();
        this.samples += session.samples;
        resolve({ code, why: problem || reason.toString() || `closed with code ${code}` });
      });
    });
  }

  private async prepare(welcome: Welcome): Promise<RunMaterial> {
    this.fence.admit(welcome);
    if (this.material && sameMaterial(this.material.welcome, welcome)) return this.material.material;
    this.forget();
    const material = prepareMaterial(welcome, {
      fetchObject: (hash) => this.fetchObject(hash),
      cache: this.cache,
      sha256: async (bytes) => createHash('sha256').update(bytes).digest('hex'),
      startCompute: (subject) => startEngineThread({ ...subject, wanted: this.wantedEngine(welcome) }),
    });
    this.material = { welcome, material };
    return material;
  }

  /** A run that demands a class is served by the engine of that name; otherwise the owner's wish counts. */
  private wantedEngine({ engineClass }: Welcome): string {
    const wanted = this.options.engine ?? 'auto';
    return wanted === 'auto' && engineClass !== 'any' ? engineClass.split('@')[0]! : wanted;
  }

  private async fetchObject(hash: string): Promise<Uint8Array> {
    const response = await fetch(`${this.addresses.http}/objects/${hash}`, { signal: this.stopping.signal });
    if (!response.ok) throw new Error(`object ${hash}: the coordinator answered ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  }

  private forget(): void {
    const old = this.material;
    this.material = undefined;
    old?.material.then(({ compute }) => compute.close()).catch(() => undefined);
  }

  private async release(): Promise<void> {
    const old = this.material;
    this.material = undefined;
    await old?.material.then(({ compute }) => compute.close()).catch(() => undefined);
  }
}
