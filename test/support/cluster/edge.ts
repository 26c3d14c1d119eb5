/** The coordinator's edge alone, on a real port: who comes, what is counted, who is sent away. No data, model or engine. */
import type { IncomingMessage } from 'node:http';
import { onTestFinished } from 'vitest';
import type { RunMonitor } from '../../../coordinator/monitor/views.js';
import type { Core } from '../../../coordinator/run/core.js';
import { OPEN_AUTHENTICATOR, type Principal } from '../../../coordinator/server/access/authenticator.js';
import type { ServedRun } from '../../../coordinator/server/http/dashboard.js';
import { type Listening, type ListenOptions, listen } from '../../../coordinator/server/listen.js';
import { Trust } from '../../../coordinator/trust/trust.js';
import { layoutOf } from '../../../shared/numerics/layout.js';
import type { RunEvent } from '../../../shared/status/events.js';
import { testCore } from '../simulation/test-run.js';

export interface Edge extends Listening {
  core: Core;
  trust: Trust;
  events: RunEvent[];
}

interface EdgeOptions extends ListenOptions {
  confusionCells?: number;
  /** Only who sends a bearer is known before it joins. */
  asks?: boolean;
  /** What is shown of the run. */
  monitor?: Partial<RunMonitor>;
  status?: () => unknown;
}

/** @param token whose token every visitor has shown; undefined: the run asks for none */
export async function edge(
  { confusionCells = 100, asks = false, monitor, status, ...options }: EdgeOptions = {},
  token?: NonNullable<Principal['token']>,
): Promise<Edge> {
  const events: RunEvent[] = [];
  const tell = (event: RunEvent) => void events.push(event);
  const trust = new Trust({ volunteers: 'none', auditRate: 0, tell });
  const layout = layoutOf([{ name: 'kernel', shape: [4], trainable: true }]);
  const core = testCore({ layout, trust, deadAfterMs: 60_000, confusionCells, tell });
  const principal: Principal = token ? { roles: [token.role], token } : { roles: ['worker', 'monitor'] };
  const live = { swarm: core.swarm, objects: new Map(), actions: undefined as never };
  const run = { id: 'edge', live, monitor, status } as unknown as ServedRun;
  const served = {
    authenticator: {
      ...OPEN_AUTHENTICATOR,
      auth: token ? ('tokens' as const) : ('none' as const),
      ofRequest: ({ headers }: IncomingMessage) =>
        asks && headers.authorization === undefined ? { refused: 'missing' as const } : { principal },
      ofToken: () => ({ principal }),
    },
    pages: new Map(),
    dashboard: { server: 'edge', runs: [run], live: true, tokens: token !== undefined, join: () => '' },
    warn: (text: string) => tell({ type: 'warning', text }),
  };
  const listening = await listen('127.0.0.1', 0, served, options);
  onTestFinished(() => listening.close());
  return { ...listening, core, trust, events };
}
