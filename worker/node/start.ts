/** A worker in Node: wires the adapters of this folder to what runs everywhere. */
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { identifyModule } from '../../engine/node/module/load-module.js';
import { startLanes } from '../../engine/node/start-lanes.js';
import type { InProcessDoor } from '../../shared/protocol/in-process.js';
import { protocolTrace } from '../../shared/protocol/trace.js';
import { toldByWorker, type WorkerEvent } from '../../shared/status/worker-events.js';
import type { Transport } from '../../websocket/transport.js';
import type { FetchObject } from '../data/material.js';
import { MemoryCache, type ObjectCache } from '../data/object-cache.js';
import { Participation, type ParticipationOptions } from '../participation.js';
import { DiskCache } from './disk-cache.js';
import { get } from './http.js';
import { inProcess } from './in-process.js';
import { isOwnMachine, wantedLanes } from './lanes.js';
import { processors } from './processors.js';
import { addressesOf, dial } from './socket.js';
import { traced, tracedDoor } from './traced.js';

const MEMORY_CACHE_BYTES = 1 << 20;

/** Of a worker, wherever its coordinator is. */
export interface CommonOptions {
  /** The worker's name on the dashboard; default: host name and process id. */
  name?: string;
  /** `auto` or the name of an engine, for example `eager/wasm`. */
  engine?: string;
  /**
   * Shards computed at a time, each by an engine in a thread of its own; default: `auto`, as many as this process may
   * use processors, less one on the machine of the coordinator. The bits do not depend on it.
   */
  lanes?: 'auto' | number;
  /**
   * The file of the model's program, for runs whose model is one: it must be the coordinator's, to the byte, since it
   * never travels.
   */
  modelFile?: string | undefined;
  /** Threads of the compiled engine on the processor, which belong to its engine class; default: 1. */
  threads?: number;
  /** Hears of what happens, as it happens. */
  onEvent?: (event: WorkerEvent) => void;
}

export interface StartWorkerOptions extends CommonOptions {
  /** `ws://HOST:PORT` or `http://HOST:PORT` of the coordinator. */
  url: string;
  /** Where the run asks for one. */
  token?: string | undefined;
  /** Certificate of the coordinator's authority, in PEM form; default: those that Node trusts. */
  ca?: string | undefined;
  /** Who reads and writes WebSocket frames; default: `own`. */
  transport?: Transport;
  /** Seconds without a coordinator after which the worker ends with an error; 0, the default: never. */
  giveUpAfter?: number;
  /** Where data chunks are kept between runs; default: nowhere but in memory. */
  cacheDir?: string;
  /** Megabytes that the cache may take. */
  cacheMb?: number;
}

/** A worker in this process. */
export interface RunningWorker {
  /** Resolves when the run is over or the worker was stopped. @throws UserError if it was refused, or gave up. */
  finished: Promise<{ why: string; samples: number }>;
  /** Leaves at once; what it has in hand goes to others. */
  stop(): Promise<void>;
  /** `stop`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** @throws UserError for an address or a number of lanes that is none, or a file of a model that cannot be read */
export function startWorker(options: StartWorkerOptions): RunningWorker {
  const addresses = addressesOf(options.url);
  const trace = workerTrace();
  return start(options, {
    token: options.token,
    address: addresses.http,
    isCoordinators: isOwnMachine(new URL(addresses.http).hostname),
    ...(options.giveUpAfter ? { giveUpAfterMs: options.giveUpAfter * 1000 } : {}),
    dial: traced((events) => dial(addresses.swarm, events, options), trace),
    cache: (warn) =>
      options.cacheDir
        ? new DiskCache({ dir: options.cacheDir, budgetBytes: (options.cacheMb ?? 2048) * 1e6, warn })
        : new MemoryCache(MEMORY_CACHE_BYTES),
    fetchObject: (signal) => (hash, bytes) => fetchObject(addresses.http, { hash, bytes }, options, signal),
  });
}

/**
 * Takes part from within the coordinator's process: reads weights and data where they lie, and leaves its gradients where
 * they are added.
 * @throws UserError for a number of lanes that is none
 */
export function startWorkerWithin(door: InProcessDoor, options: CommonOptions = {}): RunningWorker {
  const within = tracedDoor(door, workerTrace());
  return start(options, {
    address: 'this process',
    isCoordinators: true,
    dial: (events) => inProcess(within, events),
    // Its objects are in memory already.
    cache: () => new MemoryCache(0),
    memoryBytes: Number.POSITIVE_INFINITY,
    fetchObject: () => async (hash) => {
      const bytes = door.object(hash);
      if (!bytes) throw new Error(`object ${hash}: the coordinator has none such`);
      return bytes;
    },
  });
}

const workerTrace = () =>
  protocolTrace(process.env, { side: 'worker', write: (line) => void process.stderr.write(line) });

/** Where the coordinator is, and how it is reached. */
interface Reach extends Pick<ParticipationOptions, 'address' | 'dial' | 'giveUpAfterMs'> {
  token?: string | undefined;
  /** Bytes of data held in memory; default: that of a worker with a socket. */
  memoryBytes?: number;
  /** Whether on this machine. */
  isCoordinators: boolean;
  cache(warn: (text: string) => void): ObjectCache;
  fetchObject(signal: AbortSignal): FetchObject;
}

function start(
  options: CommonOptions,
  { isCoordinators, token, cache, memoryBytes, fetchObject, ...reach }: Reach,
): RunningWorker {
  const tell = options.onEvent ?? (() => undefined);
  const warn = (text: string) => tell(toldByWorker({ type: 'warning', text }));
  const { lanes, warning } = wantedLanes({
    lanes: options.lanes ?? 'auto',
    threads: options.threads ?? 1,
    processors: processors(),
    isCoordinators,
  });
  if (warning) warn(warning);
  const { modelFile } = options;
  const held = modelFile === undefined ? undefined : identifyModule(modelFile, '--model-file');
  const stopping = new AbortController();
  const participation = new Participation({
    ...reach,
    joining: { name: options.name ?? `${hostname()}-${process.pid}`, kind: 'node', token },
    material: {
      engine: options.engine ?? 'auto',
      ...(held && { modelFile: held }),
      startCompute: (subject, wanted) => {
        if (modelFile !== undefined && !subject.model.module)
          warn(`--model-file ${modelFile} is not used: the run's model is no program`);
        return startLanes({ ...subject, modelFile, wanted, threads: options.threads, lanes, log: warn });
      },
      cache: cache(warn),
      ...(memoryBytes === undefined ? {} : { memoryBytes }),
      fetchObject: fetchObject(stopping.signal),
      sha256: async (bytes) => createHash('sha256').update(bytes).digest('hex'),
    },
    wait: (ms, signal) => delay(ms, undefined, { signal }).catch(() => undefined),
    tell,
  });
  const finished = participation.run(stopping.signal).finally(() => participation.release());
  const stop = async () => {
    stopping.abort();
    await finished.catch(() => undefined);
  };
  return { finished, stop, [Symbol.asyncDispose]: stop };
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
