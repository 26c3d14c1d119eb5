/** The authenticator of a server, by its options: the file of tokens, and the tokens of a first start. */
import type { IncomingMessage } from 'node:http';
import { monotonicClock } from '../../../shared/clock.js';
import type { Role } from '../../../shared/protocol/roles.js';
import { type Authenticator, OPEN_AUTHENTICATOR, TokenAuthenticator } from './authenticator.js';
import { TokenStore } from './token-store.js';

/** Made because there were none: told once, and kept only as hashes. */
export interface FirstTokens {
  admin: string;
  worker: string;
}

export interface OpenedAccess {
  authenticator: Authenticator;
  firstTokens: FirstTokens | undefined;
  /** A token that holds as long as this process; undefined where none is asked for. */
  issue(role: Role, name: string): string | undefined;
  /** A token for the file; undefined where none is asked for. @throws UserError */
  invite(role: Role, lifeMs: number | undefined): Promise<string | undefined>;
  /** Stores the first tokens. @throws UserError */
  save(): Promise<void>;
  close(): void;
}

export interface OpenAccessOptions {
  auth: 'tokens' | 'none';
  /** The file of tokens. */
  path: string | undefined;
  addressOf(request: IncomingMessage): string;
  isSecure(request: IncomingMessage): boolean;
  warn(text: string): void;
}

/** @throws UserError if the file of tokens cannot be read */
export async function openAccess(options: OpenAccessOptions): Promise<OpenedAccess> {
  const { auth, path, warn } = options;
  if (auth === 'none') {
    const nothing = { firstTokens: undefined, issue: () => undefined, invite: async () => undefined };
    return {
      ...nothing,
      authenticator: OPEN_AUTHENTICATOR,
      save: async () => undefined,
      close: () => undefined,
    };
  }
  const store = new TokenStore({ path, now: () => Date.now(), warn });
  await store.open();
  const isFirst = path !== undefined && store.isEmpty;
  return {
    authenticator: new TokenAuthenticator({ ...options, store, now: () => monotonicClock.now() }),
    firstTokens: isFirst ? { admin: store.create('admin'), worker: store.create('worker') } : undefined,
    issue: (role, name) => store.issue(role, name),
    invite: async (role, lifeMs) => {
      const token = store.create(role, lifeMs);
      await store.save();
      return token;
    },
    save: () => store.save(),
    close: () => store.close(),
  };
}
