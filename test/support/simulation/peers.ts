/**
 * A coordinator's core with peers that say whatever a test makes them say, in memory and on a clock that the test
 * moves. A message is handled before the next line of the test.
 */
import type { Core } from '../../../coordinator/run/core.js';
import type { Surroundings } from '../../../coordinator/run/execute.js';
import { trainStep } from '../../../coordinator/run/phases.js';
import { type ConnectionGuard, OPEN_GUARD } from '../../../coordinator/server/access/connection-guard.js';
import { serveConnection } from '../../../coordinator/server/connection.js';
import { Trust, type TrustOptions } from '../../../coordinator/trust/trust.js';
import { type Layout, layoutOf } from '../../../shared/numerics/layout.js';
import { shardBounds } from '../../../shared/numerics/tree.js';
import { decodeCoordinatorMessage, encode } from '../../../shared/protocol/codec.js';
import { FRAME_CONTRIBUTION, HEADER_BYTES, isFrame, writeHeader } from '../../../shared/protocol/frame.js';
import {
  type CoordinatorMessage,
  type Lease,
  PROTOCOL_VERSION,
  type WorkerMessage,
} from '../../../shared/protocol/messages.js';
import type { WorkerRole } from '../../../shared/protocol/roles.js';
import type { RunEvent } from '../../../shared/status/events.js';
import { lastEvents } from './last-events.js';
import { ManualClock, ServerEnd } from './memory-network.js';
import { testCore } from './test-run.js';

/** In place of 131,072: a gradient of many chunks is a short one. */
const CHUNK_ELEMENTS = 2;

export interface PeersOptions {
  /** Chunks of the model's weights, all of them full. */
  chunks: number;
  shards: number;
  /** In a step; by default four a shard. */
  samples?: number;
  trust?: Partial<TrustOptions>;
  deadAfterMs?: number;
}

/** The last that a peer says as it arrives. */
type Arrival = 'joined' | 'ready' | 'synced';

export interface Peers {
  core: Core;
  clock: ManualClock;
  layout: Layout;
  /** What steps and evaluations of the core are executed with. */
  around: Surroundings;
  events: RunEvent[];
  /** How often connections were closed from here, by the reason. */
  refused: Map<string, number>;
  /** A peer that has joined, is ready, and holds the weights. Without tokens names are identities. */
  join(name: string, role?: WorkerRole, until?: Arrival): Peer;
  /** Begins the next step: resolves with its sums once it has ended, and its version is the current one. */
  step(stop?: AbortSignal): ReturnType<typeof trainStep>;
}

export function peers({
  chunks,
  shards,
  samples = 4 * shards,
  trust,
  deadAfterMs = 10_000,
}: PeersOptions): Peers {
  const specs = [{ name: 'weights', shape: [chunks * CHUNK_ELEMENTS], trainable: true }];
  const layout = layoutOf(specs, CHUNK_ELEMENTS);
  const clock = new ManualClock();
  const events: RunEvent[] = [];
  const tell = (event: RunEvent) => void events.push(event);
  const core = testCore({
    ...{ layout, shards, deadAfterMs, clock, tell },
    shardSamples: samples / shards,
    trust: new Trust({ volunteers: 'none', auditRate: 0, secret: new Uint8Array(32), tell, ...trust }),
  });
  const refused = new Map<string, number>();
  const counters = { expected: 0, counted: 0, reissued: 0, rejected: 0, duplicates: 0 };
  const trace = lastEvents.steps(() => clock.time);
  const around = { core, counters, trace };
  return {
    ...{ core, around, clock, layout, events, refused },
    join(name, role = 'worker', until = 'synced') {
      const count = (reason: string) => void refused.set(reason, (refused.get(reason) ?? 0) + 1);
      const peer = new Peer(core, chunks, name, role, count, () => clock.now());
      peer.arrive(until);
      return peer;
    },
    async step(stop = new AbortController().signal) {
      const batch = { step: core.pipeline.weights.version, epoch: 0, bounds: shardBounds(samples, shards) };
      const sums = await trainStep(batch, 1, around, stop);
      core.pipeline.end();
      return sums;
    },
  };
}

export class Peer {
  /** What it was told, weights excepted. */
  readonly heard: CoordinatorMessage[] = [];
  /** Chunks of weights that came. */
  frames = 0;
  closed: { code: number; reason: string } | undefined;
  private readonly server: ServerEnd;
  /** Messages up to here are answered. */
  private answered = 0;

  constructor(
    core: Core,
    readonly chunks: number,
    readonly name: string,
    role: WorkerRole,
    refused: (reason: string) => void,
    now: () => number,
  ) {
    this.server = new ServerEnd(
      (fragments, flushed) => {
        const bytes = Buffer.concat(fragments);
        if (isFrame(bytes)) this.frames++;
        else this.heard.push(decodeCoordinatorMessage(bytes));
        // As over a socket: not before the call is over.
        queueMicrotask(flushed);
      },
      (code, reason) => {
        this.closed ??= { code, reason };
      },
    );
    const token = { id: name, role, name };
    const guard: ConnectionGuard = {
      ...OPEN_GUARD,
      authenticate: () => ({ principal: { roles: [role], token } }),
      refused,
      trace: lastEvents.tap(name, now),
    };
    serveConnection(this.server, core.swarm, guard);
  }

  arrive(until: Arrival): void {
    this.say({ type: 'join', protocol: PROTOCOL_VERSION, name: this.name, kind: 'node' });
    if (until === 'joined') return;
    this.say({ type: 'ready', engine: 'peer', engineClass: 'peer@1', reason: 'test' });
    if (until === 'synced') this.say({ type: 'synced', version: 0 });
  }

  say(message: WorkerMessage): void {
    if (!this.closed) this.server.receive(Buffer.from(encode(message)));
  }

  /** Leases that it was sent, all of them. */
  get leases(): Lease[] {
    return this.heard.filter((message) => message.type === 'lease');
  }

  announce(
    { step, node, bounds }: Lease,
    change: Partial<Extract<WorkerMessage, { type: 'contribution' }>> = {},
  ): void {
    const samples = bounds.at(-1)! - bounds[0]!;
    const sums = { samples, loss: samples, metric: 0, computeMs: 1, waitMs: 0 };
    this.say({ type: 'contribution', step, node, ...sums, ...change });
  }

  /** A chunk whose elements are the samples of the lease: gradients of one, added up. */
  chunk(lease: Lease, chunk: number, elements = CHUNK_ELEMENTS): void {
    if (this.closed) return;
    const { step, node, bounds } = lease;
    const bytes = Buffer.alloc(HEADER_BYTES + 4 * elements);
    writeHeader(bytes, { type: FRAME_CONTRIBUTION, step, node, chunk }, 4 * elements);
    for (let at = 0; at < elements; at++)
      bytes.writeFloatLE(bounds.at(-1)! - bounds[0]!, HEADER_BYTES + 4 * at);
    this.server.receive(bytes);
  }

  /** Answers all that it was asked for since the last call, as an honest worker does. */
  work(): void {
    const messages = this.heard.slice(this.answered);
    this.answered = this.heard.length;
    const isCanceled = (lease: Lease, at: number) =>
      messages.slice(at).some(({ type, ...what }) => {
        const { step, node } = what as { step?: number; node?: number };
        return type === 'cancel' && step === lease.step && node === lease.node;
      });
    for (const [at, message] of messages.entries()) {
      if (message.type !== 'lease') continue;
      const { step, node } = message;
      if (isCanceled(message, at)) this.say({ type: 'dropped', step, node });
      else this.contribute(message);
    }
  }

  /** Tells of a contribution, and sends it whole. */
  contribute(lease: Lease, change: Parameters<Peer['announce']>[1] = {}): void {
    this.announce(lease, change);
    for (let chunk = lease.fromChunk; chunk < this.chunks; chunk++) this.chunk(lease, chunk);
  }

  leave(): void {
    this.server.terminate();
  }
}
