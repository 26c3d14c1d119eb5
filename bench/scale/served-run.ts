/**
 * The coordinator process of the bench with sockets: MIN-WORKERS SHARDS MODEL. The product itself, with tokens, limits,
 * dashboard and files. Asked for a `mark`, it tells what it has used so far.
 */
import { readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCoordinator } from '../../coordinator/start.js';
import { IDLE_MODELS, type IdleModel } from './idle-models.js';

/** What the coordinator has used until an instant. */
export interface Mark {
  /** Milliseconds of processor, of all of its threads. */
  cpuMs: number;
  /** Resident memory now and at most, in megabytes. */
  rssMb: number;
  peakMb: number;
}

export interface Address {
  url: string;
  /** Of the role `worker`. */
  token: string;
  runDir: string;
}

/** Samples of a shard. */
const SHARD_SAMPLES = 2;

const [minWorkers, shards, model] = process.argv.slice(2) as [string, string, IdleModel];
const batchSize = SHARD_SAMPLES * Number(shards);
const MOST_WORKERS = 2048;
/** What the operator of so many workers behind one address sets; all else is as it comes. */
const LIMITS = {
  auth: 'tokens',
  maxConnections: MOST_WORKERS,
  maxConnectionsPerAddress: MOST_WORKERS,
} as const;

const runDir = join(await mkdtemp(join(tmpdir(), 'swarmgrad-bench-')), 'run');
const { url, firstTokens } = await startCoordinator({
  ...LIMITS,
  ...{
    data: `digits?train=${batchSize}&test=10`,
    model: IDLE_MODELS[model].model,
    batchSize,
    shards: Number(shards),
  },
  ...{ steps: 1_000_000, evaluateEvery: 1_000_000, checkpointEvery: 0, engineClass: 'any' },
  ...{ minWorkers: Number(minWorkers), port: 0, runDir },
});
process.on('message', () => process.send!({ mark: mark() }));
process.on('disconnect', () => process.exit());
process.send!({ address: { url, token: firstTokens!.worker, runDir } satisfies Address });

function mark(): Mark {
  const { user, system } = process.cpuUsage();
  const rssMb = process.memoryUsage.rss() / 1e6;
  return { cpuMs: (user + system) / 1000, rssMb, peakMb: mostResidentMb() ?? rssMb };
}

/** Where the system keeps it. */
function mostResidentMb(): number | undefined {
  try {
    const [, kibibytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))!;
    return (Number(kibibytes) * 1024) / 1e6;
  } catch {
    return undefined;
  }
}
