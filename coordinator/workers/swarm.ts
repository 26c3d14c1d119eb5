/**
 * The workers that take part, as the run sees them: who they are, what each is doing, whether it lives.
 *
 * Knows nothing of WebSockets: a connection hands it messages and is, to it, a `Peer`. Worker events go
 * on to the phase in hand, a training step or an evaluation.
 */
import type { Clock } from '../../shared/clock.js';
import type * as m from '../../shared/protocol/messages.js';
import type { WorkerRole } from '../../shared/protocol/roles.js';
import { type RunEvent, told } from '../../shared/status/events.js';
import { Pace } from '../scheduling/pace.js';
import { LanesAdvice } from '../scheduling/planning/idle-lanes.js';
import { Worker } from '../scheduling/worker.js';
import type { Pipeline } from '../update/pipeline.js';
import type { Admission } from './admission.js';
import { Connections } from './connections.js';
import { Disconnections } from './disconnections.js';
import { FailureDetector } from './failure-detector.js';
import { Given } from './history/given.js';
import { LandingQueue } from './landing-queue.js';
import type { Connection, Peer, Traffic } from './peer.js';
import { Answers } from './phase/answers.js';
import { Defects } from './phase/defects.js';
import type { Phase } from './phase/phase.js';
import { PhaseInHand } from './phase/phase-in-hand.js';
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
  /** Counts of confusions that may come with an evaluation. */
  confusionCells: number;
  /** Places on ROC curves that come with one, at most. */
  places?: number | undefined;
  tell(event: RunEvent): void;
}

/**
 * Looks go over all workers and leases: 10,000 are looked at every second. What is lost needs no look; what is late is
 * seen so much later at most, in a step that takes many seconds to exchange.
 */
const LOOKS = { always: 500, msOfOne: 0.1 };
/**
 * Telling them how the run goes, of which nothing depends but that they hear something: a worker gives a connection up
 * after 30 s of silence.
 */
const TELLING = { always: 500, msOfOne: 2, longestMs: 10_000 };

export class Swarm {
  readonly roster = new Roster();
  private readonly connections: Connections;
  private readonly failures: FailureDetector;
  private nextId = 1;
  /** Of all starts of the run. */
  readonly traffic: Traffic = { up: 0, down: 0 };
  /** What workers have given, those included that have left. */
  readonly given = new Given(this.roster);
  private readonly quorum = new Quorum(() => this.active().length);
  readonly inHand = new PhaseInHand();
  /** Those that leave, and those that are sent away. */
  readonly disconnections: Disconnections;
  /** What becomes of the phase in hand where something of ours breaks. */
  readonly defects: Defects;
  /** What workers answer. */
  readonly answers: Answers;
  private readonly looks = new Pace(LOOKS);
  private readonly telling = new Pace(TELLING);
  readonly lanesAdvice: LanesAdvice;
  /** Where weights travel as changes: how often all of them were sent, and how often a worker's were found to differ. */
  readonly weightsCounts: Connections['counts'];
  private readonly landings: LandingQueue;

  constructor(private readonly options: SwarmOptions) {
    const { deadAfterMs, welcome, pipeline, clock, shards, confusionCells, places } = options;
    const { roster, given, inHand } = this;
    const tell = this.tell.bind(this);
    const connections = new Connections(pipeline, tell);
    const { moving, total } = pipeline.weights.layout;
    // Frozen weights are one of the objects.
    const objects = { ...welcome.objectBytes, frozen: 4 * (total - moving) };
    this.connections = connections;
    this.weightsCounts = connections.counts;
    this.failures = new FailureDetector(deadAfterMs, { objects, weights: 4 * moving });
    this.disconnections = new Disconnections({ roster, connections, given, inHand, clock, tell });
    const { refuse } = this.disconnections;
    this.defects = new Defects(inHand, refuse, tell);
    this.answers = new Answers(inHand, refuse, () => clock.now(), confusionCells, places);
    this.landings = new LandingQueue(pipeline, () => clock.now());
    this.lanesAdvice = new LanesAdvice(shards, welcome.shardSamples);
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
    const { over, refuse } = this.disconnections;
    if (over) peer.close(over.reason, over.text);
    else if (ban) refuse(worker, 'banned', ban.why);
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
    if (refusal) return this.disconnections.refuse(worker, 'engineClass', refusal);
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
    const current = this.options.pipeline.held;
    // What a worker claims is compared with what is hashed here: a lie harms nobody but who tells it.
    if (!holds || holds.sha256 !== current.sha256Of(holds.version)) return weights.begin();
    peer.send({ type: 'keep', version: holds.version });
    weights.begin(undefined, holds.version + 1);
  }

  /** The worker has all of a version: it can take leases. */
  synced(worker: Worker): void {
    worker.synced(this.options.clock.now());
    this.inHand.hear({ type: 'joined', worker });
    this.quorum.look();
    const advice = this.lanesAdvice.once(() => this.roster.lanes());
    if (advice) this.tell(told({ type: 'idle-lanes', ...advice }));
  }

  /** What the worker holds is not what it was sent: it is sent all of it. */
  differs(worker: Worker, { version }: m.Differs): void {
    if (!this.connections.differs(worker, version))
      return this.disconnections.refuse(worker, 'unexpected', `version ${version} was not to be compared`);
  }

  /**
   * Where the body of a frame may be written that the worker sends, to be given back; undefined: nowhere in particular.
   * @param named is called where this says `later`, once it is to be read; undefined: it is read at once in any case
   */
  lend(
    worker: Worker,
    bytes: number,
    named?: (place: Uint8Array | undefined) => void,
  ): Uint8Array | undefined | 'later' {
    return this.roster.isReady(worker) ? this.landings.lend(worker, bytes, named) : undefined;
  }

  /** The worker's connection has ended, or nothing that it sends is of use: its body waits for no place. */
  forgetBody(worker: Worker): void {
    this.landings.forget(worker);
  }

  /** Borrows a chunk of a gradient from a worker of this process. @returns whether it is: to be given back */
  borrow(worker: Worker, bytes: Uint8Array, giveBack: () => void): boolean {
    return this.roster.isReady(worker) && this.options.pipeline.borrow(bytes, giveBack);
  }

  giveBack(lent: Uint8Array): void {
    this.options.pipeline.giveBack(lent);
    this.landings.freed();
  }

  /** A contribution has counted: it is the worker's also where it has left since it sent it. */
  credit(worker: Worker, samples: number): void {
    this.disconnections.computed();
    this.given.credit(worker, samples);
  }

  send(worker: Worker, message: m.CoordinatorMessage): void {
    this.connections.of(worker)?.peer.send(message);
  }

  heard(worker: Worker): void {
    worker.heard(this.options.clock.now());
  }

  /** Tells people what happened. */
  tell(event: RunEvent): void {
    this.options.tell(event);
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
    for (const { worker, weights } of this.connections.all())
      this.defects.guard(worker, () => weights.pump());
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
    this.landings.passed();
    if (this.looks.isDue(this.options.clock.now(), this.roster.size)) this.passed('tick');
  }

  /** Tells every worker how the run goes, and what it has given itself; less often where they are many. */
  tellProgress(run: Omit<m.RunProgress, 'type' | 'samples'>): void {
    if (!this.telling.isDue(this.options.clock.now(), this.roster.size)) return;
    const given = this.given.samples();
    for (const { worker, peer } of this.connections.all())
      peer.send({ type: 'progress', samples: given(worker), ...run });
  }

  /** Removes workers that are silent or hold an expired lease. Call it regularly. */
  sweep(): void {
    const now = this.options.clock.now();
    this.landings.excuse();
    const promised = this.roster.promises();
    for (const connection of this.connections.all()) {
      const verdict = this.failures.verdict(now, connection, promised);
      if (verdict) this.disconnections.refuse(connection.worker, verdict.reason, verdict.text);
    }
    this.passed('sweep');
  }

  /** Time has passed. */
  private passed(type: 'tick' | 'sweep'): void {
    this.defects.guard(undefined, () => this.inHand.hear({ type }));
  }
}
