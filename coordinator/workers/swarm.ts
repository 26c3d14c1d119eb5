/**
 * The workers that take part, as the run sees them: who they are, what each is doing, whether it lives.
 *
 * Knows nothing of WebSockets: a connection hands it messages and is, to it, a `Peer`. Worker events go
 * on to the phase in hand, a training step or an evaluation.
 */
import type { Clock } from '../../shared/clock.js';
import { MAX_SHARDS } from '../../shared/numerics/tree.js';
import { CLOSE, type CloseReason } from '../../shared/protocol/close-codes.js';
import type * as m from '../../shared/protocol/messages.js';
import type { WorkerRole } from '../../shared/protocol/roles.js';
import { type RunEvent, told } from '../../shared/status/events.js';
import { type IdleLanes, idleLanes } from '../scheduling/planning/idle-lanes.js';
import { Worker, type WorkerId } from '../scheduling/worker.js';
import type { Pipeline } from '../update/pipeline.js';
import type { Admission } from './admission.js';
import { Answers } from './answers.js';
import { Connections } from './connections.js';
import { FailureDetector } from './failure-detector.js';
import { Departures, inWords, type Verdict } from './history/departures.js';
import { Given } from './history/given.js';
import type { Connection, Peer, Traffic } from './peer.js';
import type { Phase } from './phase.js';
import { PhaseInHand } from './phase-in-hand.js';
import { Quorum } from './quorum.js';
import { Roster } from './roster.js';

export interface SwarmOptions {
  clock: Clock;
  pipeline: Pipeline;
  /** `--engine-class`: who must have which is up to `trust`. */
  engineClass: string;
  deadAfterMs: number;
  welcome: Omit<m.Welcome, 'type' | 'worker' | 'engineClass'>;
  /** Of a step. */
  shards: number | 'auto';
  trust: Admission;
  /** Classes of the confusion matrix that may come with an evaluation. */
  confusionClasses: number;
  tell(event: RunEvent): void;
}

/**
 * A look goes over all workers and leases. Of more than so many workers there is one every so many milliseconds for each
 * beyond: so looks take the same part of a processor however many there are, and 10,000 are looked at every 0.5 s.
 */
const LOOKED_AT_ALWAYS = 500;
/**
 * So it is with telling them how the run goes, of which nothing depends but that they hear something: a worker gives a
 * connection up after 30 s of silence.
 */
const TOLD_ALWAYS = 500;
const TELL_MS_OF_ONE = 2;
const LONGEST_UNTOLD_MS = 10_000;
const LOOK_MS_OF_ONE = 0.05;

export class Swarm {
  readonly roster = new Roster();
  private readonly connections: Connections;
  private readonly failures: FailureDetector;
  private readonly departures = new Departures();
  private nextId = 1;
  /** Of all starts of the run. */
  readonly traffic: Traffic = { up: 0, down: 0 };
  /** What workers have given, those included that have left. */
  readonly given = new Given(this.roster);
  private readonly quorum = new Quorum(() => this.active().length);
  /** The phase in hand, and what becomes of it where something of ours breaks. */
  readonly inHand: PhaseInHand;
  /** The close code for workers that arrive after the run. */
  private over: { reason: CloseReason; text: string } | undefined;

  /** When all were last told how the run goes. */
  private toldAt = Number.NEGATIVE_INFINITY;
  /** When it was last looked for what is late. */
  private lookedAt = Number.NEGATIVE_INFINITY;

  /** What was advised: once is enough. */
  idleLanes: IdleLanes | undefined;

  /** What workers answer. */
  readonly answers: Answers;

  constructor(private readonly options: SwarmOptions) {
    this.connections = new Connections(options.pipeline);
    const { deadAfterMs, welcome, pipeline } = options;
    const weights = 4 * pipeline.weights.layout.total;
    this.failures = new FailureDetector(deadAfterMs, { objects: welcome.objectBytes, weights });
    const refuse = this.refuse.bind(this);
    this.inHand = new PhaseInHand(refuse, (event) => this.options.tell(event));
    this.answers = new Answers(this.inHand, refuse, () => options.clock.now(), options.confusionClasses);
  }

  /**
   * @param role what its token says; undefined: it has none
   * @param identity by default its name, which it has chosen itself
   */
  join(peer: Peer, { name, kind, holds }: m.Join, role?: WorkerRole, identity = name): Worker {
    const { welcome, clock, trust } = this.options;
    const doubt = this.roster.standings.doubtOf(identity);
    const who = { id: this.nextId++, name, kind, role: trust.roleOf(role, kind), identity, doubt };
    const worker = new Worker(who, clock.now());
    this.roster.add(worker);
    this.connections.add(worker, peer, holds);
    const ban = trust.banOf(identity);
    if (this.over) peer.close(this.over.reason, this.over.text);
    else if (ban) this.refuse(worker, 'banned', ban.why);
    else {
      const engineClass = trust.engineClassFor(worker.role, this.options.engineClass);
      peer.send({ type: 'welcome', worker: worker.id, ...welcome, engineClass });
    }
    return worker;
  }

  /** The worker has an engine: it is sent the weights. */
  ready(worker: Worker, { engine, engineClass, reason, lanes }: m.Ready): void {
    // One that was sent away may still talk until its connection has closed.
    if (!this.roster.has(worker)) return;
    const { trust, engineClass: wanted } = this.options;
    const refusal = trust.engineRefusal(worker.role, wanted, engineClass);
    if (refusal) return this.refuse(worker, 'engineClass', refusal);
    worker.ready(engine, engineClass, lanes, this.options.clock.now());
    const { id, name, kind } = worker;
    this.options.tell(
      told({ type: 'worker-joined', worker: name, workerId: id, kind, engine, engineClass, reason }),
    );
    const connection = this.connections.of(worker);
    if (connection) this.supply(connection);
  }

  /** Sends the worker the weights, but for what it holds already. */
  private supply({ peer, weights, holds }: Connection): void {
    const current = this.options.pipeline.weights;
    // What a worker claims is compared with what is hashed here: a lie harms nobody but who tells it.
    if (holds?.version !== current.version || holds.sha256 !== current.sha256()) return weights.begin();
    peer.send({ type: 'keep', version: current.version });
    weights.begin(undefined, current.version + 1);
  }

  /** The worker has all of a version: it can take leases. */
  synced(worker: Worker): void {
    worker.synced(this.options.clock.now());
    this.inHand.hear({ type: 'joined', worker });
    this.quorum.look();
    this.adviseOnLanes();
  }

  private adviseOnLanes(): void {
    const { shards, welcome } = this.options;
    // Under `auto` each worker gets one shard, since each counts as one where gradients are held against each other.
    if (this.idleLanes || shards === 'auto') return;
    this.idleLanes = idleLanes(this.roster.lanes(), shards, welcome.shardSamples, MAX_SHARDS);
    if (this.idleLanes) this.tell(told({ type: 'idle-lanes', ...this.idleLanes }));
  }

  /** Where the body of a frame may be written that the worker sends; undefined: nowhere in particular. To be given back. */
  lend(worker: Worker, bytes: number): Uint8Array | undefined {
    return this.roster.isReady(worker) ? this.options.pipeline.lend(bytes) : undefined;
  }

  /** Borrows a chunk of a gradient from a worker of this process. @returns whether it is: to be given back */
  borrow(worker: Worker, bytes: Uint8Array, giveBack: () => void): boolean {
    return this.roster.isReady(worker) && this.options.pipeline.borrow(bytes, giveBack);
  }

  giveBack(lent: Uint8Array): void {
    this.options.pipeline.giveBack(lent);
  }

  /** A contribution has counted: it is the worker's also where it has left since it sent it. */
  credit(worker: Worker, samples: number): void {
    this.computed();
    this.given.credit(worker, samples);
  }

  /** Somebody can compute the run. */
  computed(): void {
    this.departures.clear();
  }

  send(worker: Worker, message: m.CoordinatorMessage): void {
    this.connections.of(worker)?.peer.send(message);
  }

  heard(worker: Worker): void {
    worker.heard(this.options.clock.now());
  }

  /** The connection is gone. @param code with which it was closed */
  left(worker: Worker, why: string, code: number): void {
    if (!this.roster.remove(worker)) return;
    this.connections.remove(worker);
    this.roster.standings.left(worker.identity, worker);
    this.given.left(worker);
    const hasJoined = worker.state !== 'joining';
    const isUnable = this.departures.left(
      { code, why, isVolunteer: worker.isVolunteer, hasJoined },
      this.options.clock.now(),
    );
    if ((hasJoined || isUnable) && !this.over) {
      const { id, name } = worker;
      this.options.tell(told({ type: 'worker-left', worker: name, workerId: id, code, reason: why }));
    }
    this.inHand.hear({ type: 'lost', worker });
    if (this.over || this.active().length > 0) return;
    const hopeless = this.hopeless();
    if (!this.inHand.isThere && !hopeless) return;
    const text = 'no worker is left: the run waits for the next one';
    this.tell({ type: 'waiting', text: hopeless ? `${text}; ${inWords(hopeless)}` : text });
  }

  /** Sends a worker away, with its reason; its leases are free at once. */
  refuse(worker: Worker, reason: CloseReason, text: string): void {
    const connection = this.connections.of(worker);
    // Two leases may run out at once: the worker is sent away for the first.
    if (!connection) return;
    const { id, name, identity } = worker;
    const { code } = CLOSE[reason];
    this.options.tell(told({ type: 'worker-refused', worker: name, workerId: id, code, reason: text }));
    if (reason === 'leaseExpired') this.roster.standings.expired(identity, this.options.clock.now());
    connection.peer.close(reason, text);
    this.left(worker, text, code);
  }

  /** No worker is connected, and the last ones left because they could not compute the run. */
  hopeless(): Verdict | undefined {
    return this.roster.size === 0 ? this.departures.verdict(this.options.clock.now()) : undefined;
  }

  /** Sends away all that have this identity. */
  refuseBanned(identity: string, why: string): void {
    for (const worker of this.roster.all())
      if (worker.identity === identity) this.refuse(worker, 'banned', why);
  }

  /** Tells people what happened. */
  tell(event: RunEvent): void {
    this.options.tell(event);
  }

  /** An admin sends a worker away, for good. @returns whether there is such a worker */
  remove(id: WorkerId): boolean {
    const worker = this.roster.get(id);
    if (worker) this.refuse(worker, 'removed', 'removed by an admin of the run');
    return worker !== undefined;
  }

  /** Sends all worker events to `phase` until `end` is called. */
  begin(phase: Phase): void {
    this.inHand.begin(phase);
  }

  end(): void {
    this.inHand.begin(undefined);
    const now = this.options.clock.now();
    for (const worker of this.active()) worker.refresh(false, now);
  }

  /** Those that can take leases. */
  active(): readonly Worker[] {
    return this.roster.active();
  }

  workers(): Worker[] {
    return this.roster.all();
  }

  /** A chunk of the next version is ready to be sent. */
  chunkReady(): void {
    for (const { worker, weights } of this.connections.all()) this.inHand.guard(worker, () => weights.pump());
  }

  /** Sends the worker the moving average of the current version. */
  sendAveraged(worker: Worker): void {
    this.connections.of(worker)?.averaged?.begin(this.options.pipeline.weights.version);
  }

  /** Resolves once at least `count` workers can take leases, or `until` is aborted. */
  atLeast(count: number, until: AbortSignal): Promise<void> {
    return this.quorum.of(count, until);
  }

  /** Looks for what is late, less often where many are looked at. To be called every few milliseconds. */
  look(): void {
    const now = this.options.clock.now();
    const pauseMs = LOOK_MS_OF_ONE * (this.roster.size - LOOKED_AT_ALWAYS);
    if (pauseMs > 0 && now - this.lookedAt < pauseMs) return;
    this.lookedAt = now;
    this.inHand.passed('tick');
  }

  /** Tells every worker how the run goes, and what it has given itself; less often where they are many. */
  tellProgress(run: Omit<m.RunProgress, 'type' | 'samples'>): void {
    const now = this.options.clock.now();
    const pauseMs = Math.min(TELL_MS_OF_ONE * (this.roster.size - TOLD_ALWAYS), LONGEST_UNTOLD_MS);
    if (pauseMs > 0 && now - this.toldAt < pauseMs) return;
    this.toldAt = now;
    const given = this.given.samples();
    for (const { worker, peer } of this.connections.all())
      peer.send({ type: 'progress', samples: given(worker), ...run });
  }

  /** Removes workers that are silent or hold an expired lease. Call it regularly. */
  sweep(): void {
    const now = this.options.clock.now();
    const promised = this.roster.promises();
    for (const connection of this.connections.all()) {
      const verdict = this.failures.verdict(now, connection, promised);
      if (verdict) this.refuse(connection.worker, verdict.reason, verdict.text);
    }
    this.inHand.passed('sweep');
  }

  /** The run is over: removes all workers, and refuses later ones. */
  closeAll(reason: CloseReason, text: string): void {
    this.over = { reason, text };
    for (const { peer } of this.connections.all()) peer.close(reason, text);
  }
}
