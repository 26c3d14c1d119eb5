/** The connections of workers, each with what feeds it with weights. */

import type { WhichWeights } from '../../shared/protocol/in-process.js';
import type { Join } from '../../shared/protocol/messages.js';
import type { RunEvent } from '../../shared/status/events.js';
import type { Worker, WorkerId } from '../scheduling/worker.js';
import type { Pipeline } from '../update/pipeline.js';
import type { HeldWeights } from '../update/version/held-weights.js';
import type { Connection, Peer } from './peer.js';
import { ChangesFeed, type ChangesListener } from './weights/changes-feed.js';
import { WeightsCopies } from './weights/weights-copies.js';
import { type Feed, WeightsFeed } from './weights/weights-feed.js';
import { WholeWeightsFeed } from './weights/whole-weights-feed.js';

/** Versions between two comparisons of what a worker holds. */
const VERSIONS_UNTIL_CHECK = 64;

export class Connections {
  private readonly open = new Map<WorkerId, Connection>();
  /** Of all that is held, for those who are sent it whole. */
  private readonly copies = new WeightsCopies();
  /** How often changes could not go on from what a worker had: all of it was sent; it was found to differ. */
  readonly counts = { keyframes: 0, differed: 0 };

  constructor(
    private readonly pipeline: Pipeline,
    private readonly tell: (event: RunEvent) => void,
  ) {}

  /** @param holds weights that it has from an earlier connection */
  add(worker: Worker, peer: Peer, holds?: Join['holds']): void {
    const { held, averaged } = this.pipeline;
    const connection: Connection = {
      ...{ worker, peer, holds, check: undefined },
      weights: this.feedOf(held, peer, {
        keyframe: (isAgain) => this.sentWhole(worker, isAgain),
        changed: (version) => this.check(connection, version),
      }),
      averaged: averaged && wholeFeedOf('averaged', averaged, peer),
    };
    this.open.set(worker.id, connection);
  }

  /** Undefined once it is gone. */
  of({ id }: Worker): Connection | undefined {
    return this.open.get(id);
  }

  remove({ id }: Worker): void {
    this.open.get(id)?.weights.end?.();
    this.open.delete(id);
  }

  /** @returns whether its weights were to be compared: then all of them are sent anew */
  differs({ id, name }: Worker, version: number): boolean {
    const connection = this.open.get(id);
    if (connection?.check !== version) return false;
    connection.check = undefined;
    this.counts.differed++;
    const text = `${name} held other weights than it was sent, at version ${version}: it is sent all of them`;
    this.tell({ type: 'warning', text });
    connection.weights.begin();
    return true;
  }

  /** May change while they are gone through. */
  all(): Iterable<Connection> {
    return this.open.values();
  }

  /** Changes add up: now and then what a worker has made of them is compared. */
  private check(connection: Connection, version: number): void {
    if (version === 0 || version % VERSIONS_UNTIL_CHECK !== 0) return;
    const sha256 = this.pipeline.held.sha256Of(version);
    if (sha256 === undefined) return;
    connection.check = version;
    connection.peer.send({ type: 'check', version, sha256 });
  }

  private sentWhole({ name }: Worker, isAgain: boolean): void {
    this.counts.keyframes++;
    if (!isAgain) return;
    const text = `${name} is sent all weights again: while it read them, more changes were made than are kept`;
    this.tell({ type: 'warning', text: `${text}; --weights bf16, or a larger batch, suits its line` });
  }

  private feedOf(weights: HeldWeights, peer: Peer, listener: ChangesListener): Feed {
    const { changes } = weights;
    if (!changes || peer.held) return wholeFeedOf('current', weights, peer);
    return new ChangesFeed(weights, changes, this.copies, peer, listener);
  }
}

/** Of versions by themselves. */
function wholeFeedOf(which: WhichWeights, weights: HeldWeights, peer: Peer): Feed {
  const { held } = peer;
  if (!held) return new WeightsFeed(weights, peer);
  return new WholeWeightsFeed(weights, (version, values) => held(which, version, values));
}
