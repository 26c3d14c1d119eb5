/** Pipeline and swarm wired together: the part of a coordinator that knows neither files nor sockets. */
import { awakeClock, type Clock } from '../../shared/clock.js';
import { createExchange, type Exchange } from '../../shared/numerics/codec/exchange.js';
import { createWeightsCode } from '../../shared/numerics/codec/weights/weights-code.js';
import type { Layout } from '../../shared/numerics/layout.js';
import { MAX_SHARDS } from '../../shared/numerics/tree.js';
import { createKernels } from '../../shared/numerics/update/kernels/create.js';
import type { Kernels } from '../../shared/numerics/update/kernels/kernels.js';
import { PROTOCOL_VERSION, type Welcome } from '../../shared/protocol/messages.js';
import type { RunEvent } from '../../shared/status/events.js';
import type { Trust } from '../trust/trust.js';
import { capacityFor } from '../update/capacity.js';
import { GradientPool, gradientsThatFit } from '../update/kernels/gradient-pool.js';
import { Pipeline } from '../update/pipeline.js';
import type { RobustRule } from '../update/robust/rule.js';
import type { UpdateRule } from '../update/rule/update-rule.js';
import { Swarm } from '../workers/swarm.js';

/** Workers send a heartbeat, and the coordinator looks for silent ones, this often until `deadAfterMs`. */
const CHECKS_UNTIL_DEAD = 4;

/** How often the coordinator looks for leases that are late. */
const LOOK_MS = 10;

/** Shards to reserve memory for under `--shards auto`, which makes one shard a worker. */
const AUTO_SHARDS = 64;

/** What is trained, and how the workers' gradients change it. */
export interface Learning {
  layout: Layout;
  /** Initial ones. */
  weights: Float32Array;
  rule: UpdateRule;
  /** What makes one gradient of those of all workers; by default their sum. */
  robust?: RobustRule | undefined;
}

/** What workers are told of the run when they join: PROTOCOL.md, `welcome`. */
export type Offer = Omit<Welcome, 'type' | 'protocol' | 'worker' | 'engineClass' | 'heartbeatMs'>;

/** Who may take part. */
export interface Membership {
  /** `--engine-class`. */
  engineClass: string;
  deadAfterMs: number;
  /** Which workers are believed. */
  trust: Trust;
  /** Counts of confusions that may come with an evaluation. */
  confusionCells: number;
  /** Places on ROC curves that come with one, at most. */
  places?: number | undefined;
}

export interface CoreOptions {
  learning: Learning;
  shards: number | 'auto';
  offer: Offer;
  membership: Membership;
  clock: Clock;
  /** If false, the caller calls `swarm.sweep` and `swarm.look`. */
  timers?: boolean;
  tell(event: RunEvent): void;
}

export interface Core {
  layout: Layout;
  kernels: Kernels;
  /** For a worker of this process. */
  gradients: GradientPool;
  pipeline: Pipeline;
  /** How gradients travel; undefined: in float32. */
  exchange: Exchange | undefined;
  swarm: Swarm;
  trust: Trust;
  robust: RobustRule | undefined;
  /** The time by which workers are judged: it runs while this process is awake. */
  awake: Clock;
  /** Ends the watch over silent workers. */
  stop(): void;
}

export function createCore(options: CoreOptions): Core {
  const { learning, membership, tell } = options;
  const { layout, rule, weights, robust } = learning;
  const { trust, deadAfterMs } = membership;
  const shards = options.shards === 'auto' ? Math.min(AUTO_SHARDS, MAX_SHARDS) : options.shards;
  const { offer } = options;
  const needed = capacityFor(layout, rule, shards, offer.weights !== undefined);
  const ownGradients = gradientsThatFit(needed, layout);
  const kernels = createKernels({ capacityFloats: needed + ownGradients * (layout.total + 8) });
  const gradients = new GradientPool(kernels, ownGradients);
  const exchange = createExchange(offer.exchange, offer.seed, layout);
  const code = createWeightsCode(offer.weights, layout);
  const pipeline = new Pipeline(layout, kernels, rule, weights, () => swarm.chunkReady(), exchange, code);
  const checkMs = deadAfterMs / CHECKS_UNTIL_DEAD;
  const awake = options.timers === false ? options.clock : awakeClock(options.clock);
  const welcome = { protocol: PROTOCOL_VERSION, ...offer, heartbeatMs: checkMs };
  const swarm = new Swarm({ ...membership, shards: options.shards, clock: awake, pipeline, welcome, tell });
  const timers =
    options.timers === false
      ? []
      : [setInterval(() => swarm.sweep(), checkMs), setInterval(() => swarm.look(), LOOK_MS)];
  const stop = () => timers.forEach(clearInterval);
  return { layout, kernels, gradients, pipeline, exchange, swarm, trust, robust, awake, stop };
}
