/** A hostile connection without a socket: what it sends is read at once, and what comes back is heard at once. */

import type { ConnectionGuard } from '../../../coordinator/server/access/connection-guard.js';
import { serveConnection } from '../../../coordinator/server/connection.js';
import type { Swarm } from '../../../coordinator/workers/swarm.js';
import type { Random } from '../../../shared/numerics/random.js';
import { ServerEnd } from '../../support/simulation/memory-network.js';
import type { Line } from './hostile.js';

export class MemoryLine implements Line {
  closed: Line['closed'];
  private readonly server: ServerEnd;
  private wake: () => void = () => undefined;

  constructor(
    swarm: Swarm,
    guard: ConnectionGuard,
    private readonly random: Random,
    hear: (message: Uint8Array) => void,
  ) {
    this.server = new ServerEnd(
      (fragments, flushed) => {
        hear(Buffer.concat(fragments));
        flushed();
        this.wake();
      },
      (code) => {
        this.closed ??= { code };
        this.wake();
      },
    );
    serveConnection(this.server, swarm, guard);
  }

  async send(messages: readonly Uint8Array[]): Promise<void> {
    for (const bytes of messages) {
      if (this.closed) return;
      const isText = messages.length > 1 && this.random.below(200) === 0;
      this.server.receive(Buffer.from(bytes), !isText);
    }
  }

  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue() && !this.closed) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  leave(): void {
    if (!this.closed) this.server.close(this.random.below(2) ? 1006 : 1000, '');
  }
}
