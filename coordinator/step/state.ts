/** What the parts of one step share: what has been leased, what has come, and the list of what they have decided. */
import type { Layout } from '../../shared/numerics/layout.js';
import type { LocalUpdates } from '../../shared/numerics/rounds/terms.js';
import { firstShard, leafCount, type Node } from '../../shared/numerics/tree.js';
import type { CloseReason } from '../../shared/protocol/close-codes.js';
import type * as m from '../../shared/protocol/messages.js';
import type { RunEvent } from '../../shared/status/events.js';
import type { ShardCounters } from '../../shared/status/status.js';
import { type Lease, StepLedger } from '../scheduling/leases/ledger.js';
import type { Assignment } from '../scheduling/planning/planner.js';
import type { Turnaround } from '../scheduling/turnaround.js';
import type { Worker, WorkerId } from '../scheduling/worker.js';
import type { Roster } from '../workers/roster.js';
import type { Effect, Reach, StepSums } from './events.js';
import { InFlight } from './in-flight.js';

/** Workers whose history is looked at for what all do. */
const MOST_ASKED = 32;

/** Which samples a step consumes: positions within the epoch's order. */
export interface GlobalBatch {
  /** The step's number, which is also the version of the weights that it reads. */
  step: number;
  epoch: number;
  /** Where each shard begins, and where the last one ends. */
  bounds: number[];
  /** In a round: what its replicas do. */
  updates?: LocalUpdates | undefined;
  /** The first assignments; undefined: the planner decides. */
  assignments?: Assignment[];
}

/** Workers that are sent away by one decision: their leases are for others then. */
interface Leaving {
  effect: Extract<Effect, { do: 'refuse' | 'ban' }>;
  workers: Worker[];
}

export class StepState {
  readonly ledger: StepLedger;
  readonly inFlight = new InFlight();
  /** What has been decided, and not been handed on: written down in the same breath as the state that it follows from. */
  readonly effects: Effect<StepSums>[] = [];
  /** Workers that are being sent away. */
  readonly leaving: Leaving[] = [];
  /** The time of the event in hand. */
  now = 0;
  /** Chunks below this one are summed... */
  front = 0;
  /** ...and those below this one may be sent. */
  window = 0;
  /** A change of what the sum will be was broken off half-way: nothing may be built on it. */
  isBroken = false;
  private readonly gone = new Set<WorkerId>();
  private readonly barred = new Set<WorkerId>();

  /** @param root of the part of the tree that the step sums */
  constructor(
    readonly batch: GlobalBatch,
    readonly layout: Layout,
    readonly workers: Roster,
    root: Node,
  ) {
    this.ledger = new StepLedger(batch.step, batch.bounds, layout.chunks, root);
  }

  /** Workers that can take leases; those excepted that this step has sent away. */
  active(): readonly Worker[] {
    return this.present(this.workers.active());
  }

  /** Those of them that do not rest after leases that ran out. */
  rested(): readonly Worker[] {
    return this.workers.rested(this.now, this.active());
  }

  /** Workers that the step may wait for. */
  reliable(): readonly Worker[] {
    return this.workers.reliable(this.now, this.active());
  }

  /** The latest leases of the workers; of some of them, where they are many: what is to be expected of a newcomer. */
  recentOfAll(): Turnaround[] {
    const active = this.active();
    const stride = Math.ceil(active.length / MOST_ASKED);
    return active.flatMap(({ recent }, at) => (at % stride === 0 ? recent : []));
  }

  isHere(worker: Worker | undefined): worker is Worker {
    return worker?.isActive === true && !this.gone.has(worker.id);
  }

  /** The worker gets nothing more in this step. */
  bar({ id }: Worker): void {
    this.barred.add(id);
  }

  notBarred(workers: readonly Worker[]): readonly Worker[] {
    return this.barred.size === 0 ? workers : workers.filter(({ id }) => !this.barred.has(id));
  }

  send(worker: Worker, message: m.Lease | m.Cancel | m.SendWindow): void {
    this.effects.push({ do: 'send', worker, message });
  }

  /** Sends a worker away. */
  refuse(worker: Worker, reason: CloseReason, text: string): void {
    if (this.gone.has(worker.id)) return;
    this.gone.add(worker.id);
    this.leaving.push({ effect: { do: 'refuse', worker, reason, text }, workers: [worker] });
  }

  /** ...for good, and all others of its identity. */
  ban({ identity, name }: Worker, why: string): void {
    const ban = { identity, name, step: this.ledger.step + 1, why };
    const workers = this.workers.all().filter((worker) => worker.identity === identity);
    for (const { id } of workers) this.gone.add(id);
    this.leaving.push({ effect: { do: 'ban', ban }, workers });
  }

  tell(event: RunEvent): void {
    this.effects.push({ do: 'tell', event });
  }

  count(counter: keyof ShardCounters, shards: number): void {
    if (shards > 0) this.effects.push({ do: 'count', counter, shards });
  }

  /** Counts the shards under a node. */
  countNode(counter: keyof ShardCounters, node: Node): void {
    this.count(counter, leafCount(this.ledger.shards, node));
  }

  /** Makes a change of what the sum will be. @throws what `change` throws: then nothing here is to be trusted */
  unbroken<T>(change: () => T): T {
    this.isBroken = true;
    const result = change();
    this.isBroken = false;
    return result;
  }

  /** The pipeline has come this far: workers may send later chunks. */
  reach({ front, window }: Reach): void {
    this.front = front;
    if (window === this.window) return;
    this.inFlight.windowOpened(this.window, this.now);
    this.window = window;
    this.tellWindow();
  }

  tellWindow(): void {
    const message = { type: 'window', step: this.batch.step, window: this.window } as const;
    for (const worker of this.active()) if (this.ledger.holds(worker.id)) this.send(worker, message);
  }

  /** The message that makes a worker compute a node. */
  leaseMessage({ node, fromChunk, isBuffered }: Lease): m.Lease {
    const { shards, bounds, chunks } = this.ledger;
    const { step, epoch, updates } = this.batch;
    const first = firstShard(shards, node);
    return {
      type: 'lease',
      step,
      epoch,
      node,
      firstShard: first,
      bounds: bounds.slice(first, first + leafCount(shards, node) + 1),
      ...(updates ? { updates: { before: updates.before, rates: [...updates.rates] } } : {}),
      ...(isBuffered ? { fromChunk: 0, window: chunks } : { fromChunk, window: this.window }),
    };
  }

  private present(workers: readonly Worker[]): readonly Worker[] {
    return this.gone.size === 0 ? workers : workers.filter(({ id }) => !this.gone.has(id));
  }
}
