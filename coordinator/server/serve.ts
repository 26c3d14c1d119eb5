/** A server by its options: who is let in, and the port on which they are. */

import { type OpenedAccess, openAccess } from '../access/access.js';
import { type AccessOptions, authOf } from '../access/mode.js';
import type { Swarm } from '../swarm.js';
import { clientsBehind } from './clients.js';
import type { Dashboard } from './dashboard.js';
import type { Served } from './http.js';
import type { ConnectionLimits } from './limits.js';
import { type Listening, listen } from './listen.js';
import { TlsFiles, type TlsOptions } from './tls.js';

export interface ServeOptions extends AccessOptions, TlsOptions, ConnectionLimits {
  port: number;
  /** Whether workers of this machine will come. */
  locally?: boolean;
  /** The file of tokens; undefined: there are only those that are issued for this process. */
  tokens: string | undefined;
}

/** What is shown, before it is known who may see it. */
export type Offered = Omit<Served, 'gate' | 'dashboard'> & {
  dashboard: Omit<Dashboard, 'tokens' | 'join'>;
  /** @param url where the server listens */
  join(url: string): string;
};

export type Serving = Listening & Pick<OpenedAccess, 'firstTokens' | 'issue' | 'save'>;

/**
 * @param swarm takes those who join; undefined: nobody can
 * @throws UserError if options contradict each other, a file cannot be used, or the address not be listened on
 */
export async function serve(
  options: ServeOptions,
  swarm: Swarm | undefined,
  { join, dashboard, ...offered }: Offered,
  warn: (text: string) => void,
): Promise<Serving> {
  const auth = authOf(options);
  const clients = clientsBehind(options.trustedProxy);
  const tls = await TlsFiles.open(options, warn);
  const { addressOf, isSecure } = clients;
  const access = await openAccess({ auth, path: options.tokens, addressOf, isSecure, warn });
  const served: Served = {
    ...offered,
    warn,
    gate: access.gate,
    dashboard: {
      ...dashboard,
      tokens: auth === 'tokens',
      join: (request) => join(clients.originOf(request) ?? listening.url),
    },
  };
  const more = { tls, clients, locally: options.locally ?? false, limits: options };
  const listening: Listening = await listen(options.host, options.port, swarm, served, more).catch(
    (error) => {
      access.close();
      throw error;
    },
  );
  const { firstTokens, issue, save } = access;
  return {
    ...listening,
    firstTokens,
    issue,
    save,
    async close() {
      access.close();
      await listening.close();
    },
  };
}
