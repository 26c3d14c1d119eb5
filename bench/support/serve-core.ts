/** Serves a run of a bench to its workers, and to nobody else. */
import { ObjectStore } from '../../coordinator/prepare/data/store.js';
import type { Core } from '../../coordinator/run/core.js';
import { OPEN_AUTHENTICATOR } from '../../coordinator/server/access/authenticator.js';
import type { ServedRun } from '../../coordinator/server/http/dashboard.js';
import { listen } from '../../coordinator/server/listen.js';

/** @returns the address, on any free port of this machine */
export async function serveCore({ swarm }: Core): Promise<string> {
  const live = { swarm, objects: new ObjectStore() };
  const shown = { id: 'bench', live } as unknown as ServedRun;
  const dashboard = { server: 'bench', runs: [shown], live: false, tokens: false, join: () => '' };
  const served = { authenticator: OPEN_AUTHENTICATOR, pages: new Map(), dashboard };
  return (await listen('127.0.0.1', 0, served)).url;
}
