/** The connections of workers, each with what feeds it with weights. */

import type { WhichWeights } from '../../shared/protocol/in-process.js';
import type { Join } from '../../shared/protocol/messages.js';
import type { Worker, WorkerId } from '../scheduling/worker.js';
import type { Pipeline } from '../update/pipeline.js';
import type { HeldWeights } from '../update/version/held-weights.js';
import type { Connection, Peer } from './peer.js';
import { type Feed, WeightsFeed } from './weights/weights-feed.js';
import { WholeWeightsFeed } from './weights/whole-weights-feed.js';

export class Connections {
  private readonly open = new Map<WorkerId, Connection>();

  constructor(private readonly pipeline: Pipeline) {}

  /** @param holds weights that it has from an earlier connection */
  add(worker: Worker, peer: Peer, holds?: Join['holds']): void {
    const { held, averaged } = this.pipeline;
    this.open.set(worker.id, {
      worker,
      peer,
      holds,
      weights: feedOf('current', held, peer),
      averaged: averaged && feedOf('averaged', averaged, peer),
    });
  }

  /** Undefined once it is gone. */
  of({ id }: Worker): Connection | undefined {
    return this.open.get(id);
  }

  remove({ id }: Worker): void {
    this.open.delete(id);
  }

  /** May change while they are gone through. */
  all(): Iterable<Connection> {
    return this.open.values();
  }
}

function feedOf(which: WhichWeights, weights: HeldWeights, peer: Peer): Feed {
  const { held } = peer;
  if (!held) return new WeightsFeed(weights, peer);
  return new WholeWeightsFeed(weights, (version, values) => held(which, version, values));
}
