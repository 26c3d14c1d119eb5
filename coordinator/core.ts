/** Pipeline and swarm wired together: the part of a coordinator that knows neither files nor sockets. */
import { awakeClock, type Clock } from '../shared/clock.js';
import type { Layout } from '../shared/layout.js';
import { type ObjectBytes, PROTOCOL_VERSION, type Welcome } from '../shared/protocol/messages.js';
import type { RunEvent } from '../shared/status.js';
import { MAX_SHARDS } from '../shared/tree.js';
import { Swarm } from './swarm.js';
import { type Trust, trustAll } from './trust/trust.js';
import { capacityFor } from './update/capacity.js';
import { createKernels } from './update/kernels/create.js';
import type { Kernels } from './update/kernels/kernels.js';
import { Pipeline } from './update/pipeline.js';
import type { RobustRule } from './update/robust/rule.js';
import type { UpdateRule } from './update/update-rule.js';

/** Workers send a heartbeat, and the coordinator looks for silent ones, this often until `deadAfterMs`. */
const CHECKS_UNTIL_DEAD = 4;

/** How often the coordinator looks for leases that are late. */
const LOOK_MS = 10;

/** Under `--shards auto` there is one shard a worker; memory is set aside for this many. */
const AUTO_SHARDS = 64;

export interface CoreOptions {
  layout: Layout;
  weights: Float32Array;
  rule: UpdateRule;
  shards: number | 'auto';
  /** What makes one gradient of those of all workers; by default their sum. */
  robust?: RobustRule | undefined;
  engineClass: string;
  deadAfterMs: number;
  run: string;
  /** How often the run has been started, this time included: it fences earlier coordinators. */
  epoch?: number;
  /** Hashes of the model description, the manifests, the admission probe, and the model's graphs. */
  objects: { model: string; train: string; test: string; probe: string; program: string };
  /** How long they are; needs not be told where nobody fetches them. */
  objectBytes?: ObjectBytes;
  /** Samples of a full shard. */
  shardSamples: number;
  seed: number;
  shuffle: string;
  clock: Clock;
  /** Who is believed; by default everybody. */
  trust?: Trust;
  /** Without timers `swarm.sweep` and `swarm.look` are the caller's to call. */
  timers?: boolean;
  tell(event: RunEvent): void;
}

export interface Core {
  kernels: Kernels;
  pipeline: Pipeline;
  swarm: Swarm;
  trust: Trust;
  robust: RobustRule | undefined;
  /** The time by which workers are judged: it runs while this process is awake. */
  awake: Clock;
  /** Ends the watch over silent workers. */
  stop(): void;
}

export function createCore(options: CoreOptions): Core {
  const { layout, rule, deadAfterMs, engineClass, tell, trust = trustAll() } = options;
  const shards = options.shards === 'auto' ? Math.min(AUTO_SHARDS, MAX_SHARDS) : options.shards;
  const kernels = createKernels({ capacityFloats: capacityFor(layout, rule, shards) });
  const pipeline = new Pipeline(layout, kernels, rule, options.weights, () => swarm.progressed());
  const checkMs = deadAfterMs / CHECKS_UNTIL_DEAD;
  const welcome: Omit<Welcome, 'type' | 'worker'> = {
    protocol: PROTOCOL_VERSION,
    run: options.run,
    epoch: options.epoch ?? 1,
    ...options.objects,
    objectBytes: options.objectBytes ?? { model: 0, train: 0, test: 0, probe: 0, program: 0 },
    shardSamples: options.shardSamples,
    seed: options.seed,
    shuffle: options.shuffle,
    engineClass,
    heartbeatMs: checkMs,
  };
  const awake = options.timers === false ? options.clock : awakeClock(options.clock);
  const swarm = new Swarm({ clock: awake, pipeline, engineClass, deadAfterMs, welcome, trust, tell });
  const timers =
    options.timers === false
      ? []
      : [setInterval(() => swarm.sweep(), checkMs), setInterval(() => swarm.look(), LOOK_MS)];
  const stop = () => timers.forEach(clearInterval);
  return { kernels, pipeline, swarm, trust, robust: options.robust, awake, stop };
}
