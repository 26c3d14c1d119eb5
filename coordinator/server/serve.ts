/** A server by its options: who is let in, and the port on which they are. */
import { protocolTrace } from '../../shared/protocol/trace.js';
import type { Transport } from '../../websocket/transport.js';
import { type OpenedAccess, openAccess } from './access/access.js';
import { Codes } from './access/codes.js';
import { type AccessOptions, authOf } from './access/mode.js';
import type { Dashboard } from './http/dashboard.js';
import { type Listening, listen, type Offered } from './listen.js';
import { allowedOrigins } from './network/allowed-origins.js';
import { clientsBehind } from './network/clients.js';
import { hostCheck } from './network/hosts.js';
import type { ConnectionLimits } from './network/limits.js';
import { isInContainer, sharedAddressNote } from './network/shared-address.js';
import { TlsFiles, type TlsOptions } from './network/tls.js';

export interface ServeOptions extends AccessOptions, TlsOptions, ConnectionLimits {
  port: number;
  /** Whether workers of this machine will come. */
  locally?: boolean;
  /** The file of tokens; undefined: there are only those that are issued for this process. */
  tokens: string | undefined;
  transport?: Transport;
  allowedHosts: string | undefined;
}

/** What is shown, before it is known who may see it. */
export type Routes = Omit<Offered, 'authenticator' | 'dashboard' | 'invite' | 'codes'> & {
  dashboard: Omit<Dashboard, 'tokens' | 'join'>;
  /** @param url where the server listens */
  join(url: string): string;
};

export type Serving = Listening & Pick<OpenedAccess, 'firstTokens' | 'issue' | 'save'>;

/**
 * @throws UserError if options contradict each other, a file cannot be used, or the address not be listened on
 */
export async function serve(
  options: ServeOptions,
  { join, dashboard, ...routes }: Routes,
  warn: (text: string) => void,
): Promise<Serving> {
  const auth = authOf(options);
  const hosts = hostCheck({ ...options, auth });
  const clients = clientsBehind(options.trustedProxy);
  const shared = sharedAddressNote(options, isInContainer());
  if (shared !== undefined) warn(shared);
  const tls = await TlsFiles.open(options, warn);
  const { addressOf, isSecure } = clients;
  const access = await openAccess({ auth, path: options.tokens, addressOf, isSecure, warn });
  const offered: Offered = {
    ...routes,
    warn,
    authenticator: access.authenticator,
    invite: access.invite,
    codes: new Codes(),
    dashboard: {
      ...dashboard,
      tokens: auth === 'tokens',
      join: (request) => join(clients.originOf(request) ?? listening.url),
    },
  };
  const trace = protocolTrace(process.env, {
    side: 'coordinator',
    write: (line) => void process.stderr.write(line),
  });
  const more = {
    tls,
    clients,
    hosts,
    origins: allowedOrigins(options.allowOrigin),
    locally: options.locally ?? false,
    limits: options,
    trace,
    transport: options.transport ?? 'own',
  };
  const listening: Listening = await listen(options.host, options.port, offered, more).catch((error) => {
    access.close();
    throw error;
  });
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
