/** A worker in Node: wires the adapters of this folder to what runs everywhere. */
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { MemoryCache } from '../object-cache.js';
import { Participation } from '../participation.js';
import { DiskCache } from './disk-cache.js';
import { startEngineThread } from './engine-thread.js';
import { get } from './http.js';
import { addressesOf, dial } from './socket.js';

const MEMORY_CACHE_BYTES = 1 << 20;

export interface StartWorkerOptions {
  /** `ws://HOST:PORT` or `http://HOST:PORT` of the coordinator. */
  url: string;
  /** For people to read; default: host name and process id. */
  name?: string;
  /** Where the run asks for one. */
  token?: string | undefined;
  /** Certificate of the coordinator's authority, in PEM form; default: those that Node trusts. */
  ca?: string | undefined;
  /** `auto` or the name of an engine, for example `eager/wasm`. */
  engine?: string;
  /** Threads of the compiled engine on the processor, which belong to its engine class; default: 1. */
  threads?: number;
  /** Seconds without a coordinator after which the worker ends with an error; 0, the default: never. */
  giveUpAfter?: number;
  /** Where data chunks are kept between runs; default: nowhere but in memory. */
  cacheDir?: string;
  /** Megabytes that the cache may take. */
  cacheMb?: number;
  /** Hears one line at a time. */
  log?: (text: string) => void;
}

export interface RunningWorker {
  /** Resolves when the run is over or the worker was stopped. @throws UserError if it was refused, or gave up. */
  finished: Promise<{ why: string; samples: number }>;
  /** Leaves at once; what it has in hand goes to others. */
  stop(): Promise<void>;
}

export function startWorker(options: StartWorkerOptions): RunningWorker {
  const log = options.log ?? (() => undefined);
  const addresses = addressesOf(options.url);
  const stopping = new AbortController();
  const participation = new Participation({
    name: options.name ?? `${hostname()}-${process.pid}`,
    kind: 'node',
    token: options.token,
    address: addresses.http,
    engine: options.engine ?? 'auto',
    ...(options.giveUpAfter ? { giveUpAfterMs: options.giveUpAfter * 1000 } : {}),
    dial: (events) => dial(addresses.swarm, events, options.ca),
    startCompute: (subject, wanted) => startEngineThread({ ...subject, wanted, threads: options.threads }),
    cache: options.cacheDir
      ? new DiskCache({ dir: options.cacheDir, budgetBytes: (options.cacheMb ?? 2048) * 1e6, warn: log })
      : new MemoryCache(MEMORY_CACHE_BYTES),
    fetchObject: (hash, bytes) => fetchObject(addresses.http, { hash, bytes }, options, stopping.signal),
    sha256: async (bytes) => createHash('sha256').update(bytes).digest('hex'),
    wait: (ms, signal) => delay(ms, undefined, { signal }).catch(() => undefined),
    log,
  });
  const finished = participation.run(stopping.signal).finally(() => participation.release());
  return {
    finished,
    async stop() {
      stopping.abort();
      await finished.catch(() => undefined);
    },
  };
}

async function fetchObject(
  url: string,
  { hash, bytes }: { hash: string; bytes: number },
  { token, ca }: StartWorkerOptions,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { status, body } = await get(`${url}/objects/${hash}`, { token, ca, maxBytes: bytes, signal });
  if (status !== 200) throw new Error(`object ${hash}: the coordinator answered ${status}`);
  return body;
}
