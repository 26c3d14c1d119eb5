/** Workers that go: by themselves, or sent away with a reason. What each had in hand is free at once. */
import type { Clock } from '../../shared/clock.js';
import { CLOSE, type CloseReason } from '../../shared/protocol/close-codes.js';
import { type RunEvent, told } from '../../shared/status/events.js';
import type { Worker, WorkerId } from '../scheduling/worker.js';
import type { Connections } from './connections.js';
import { Departures, inWords, type Verdict } from './history/departures.js';
import type { Given } from './history/given.js';
import type { PhaseInHand } from './phase/phase-in-hand.js';
import type { Roster } from './roster.js';

export interface DisconnectionsOptions {
  roster: Roster;
  connections: Connections;
  given: Given;
  inHand: PhaseInHand;
  clock: Clock;
  tell(event: RunEvent): void;
}

export class Disconnections {
  private readonly departures = new Departures();
  /** Why workers are sent away that arrive after the run. */
  over: { reason: CloseReason; text: string } | undefined;

  constructor(private readonly options: DisconnectionsOptions) {}

  /** The connection is gone. @param code with which it was closed */
  left(worker: Worker, why: string, code: number): void {
    const { roster, connections, given, inHand, clock, tell } = this.options;
    if (!roster.remove(worker)) return;
    connections.remove(worker);
    roster.standings.left(worker.identity, worker);
    given.left(worker);
    const hasJoined = worker.state !== 'joining';
    const { isVolunteer } = worker;
    const isUnable = this.departures.left({ code, why, isVolunteer, hasJoined }, clock.now());
    if ((hasJoined || isUnable) && !this.over) {
      const { id, name } = worker;
      tell(told({ type: 'worker-left', worker: name, workerId: id, code, reason: why }));
    }
    inHand.hear({ type: 'lost', worker });
    if (this.over || roster.active().length > 0) return;
    const hopeless = this.hopeless();
    if (!inHand.isThere && !hopeless) return;
    const text = 'no worker is left: the run waits for the next one';
    tell({ type: 'waiting', text: hopeless ? `${text}; ${inWords(hopeless)}` : text });
  }

  /** Sends a worker away, with its reason; its leases are free at once. */
  readonly refuse = (worker: Worker, reason: CloseReason, text: string): void => {
    const { roster, connections, clock, tell } = this.options;
    const connection = connections.of(worker);
    // Two leases may run out at once: the worker is sent away for the first.
    if (!connection) return;
    const { id, name, identity } = worker;
    const { code } = CLOSE[reason];
    tell(told({ type: 'worker-refused', worker: name, workerId: id, code, reason: text }));
    if (reason === 'leaseExpired') roster.standings.expired(identity, clock.now());
    connection.peer.close(reason, text);
    this.left(worker, text, code);
  };

  /** Sends away all that have this identity. */
  refuseBanned(identity: string, why: string): void {
    for (const worker of this.options.roster.all())
      if (worker.identity === identity) this.refuse(worker, 'banned', why);
  }

  /** An admin sends a worker away, for good. @returns whether there is such a worker */
  remove(id: WorkerId): boolean {
    const worker = this.options.roster.get(id);
    if (worker) this.refuse(worker, 'removed', 'removed by an admin of the run');
    return worker !== undefined;
  }

  /** Somebody can compute the run. */
  computed(): void {
    this.departures.clear();
  }

  /** No worker is connected, and the last ones left because they could not compute the run. */
  hopeless(): Verdict | undefined {
    const { roster, clock } = this.options;
    return roster.size === 0 ? this.departures.verdict(clock.now()) : undefined;
  }

  /** The run is over: sends all workers away, and later ones as they come. */
  closeAll(reason: CloseReason, text: string): void {
    this.over = { reason, text };
    for (const { peer } of this.options.connections.all()) peer.close(reason, text);
  }
}
