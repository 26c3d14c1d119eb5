/** The connections of workers, each with what feeds it with weights. */
import type { Worker, WorkerId } from '../scheduling/worker.js';
import type { Pipeline } from '../update/pipeline.js';
import type { Connection, Peer } from './peer.js';
import { WeightsFeed } from './weights/weights-feed.js';

export class Connections {
  private readonly open = new Map<WorkerId, Connection>();

  constructor(private readonly pipeline: Pipeline) {}

  add(worker: Worker, peer: Peer): void {
    const { weights, averaged } = this.pipeline;
    this.open.set(worker.id, {
      worker,
      peer,
      weights: new WeightsFeed(weights, peer),
      averaged: averaged && new WeightsFeed(averaged, peer),
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
