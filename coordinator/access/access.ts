/** The gate of a server, opened by its options: the file of tokens, and the tokens of a first start. */
import type { IncomingMessage } from 'node:http';
import { monotonicClock } from '../../shared/clock.js';
import type { Role } from '../../shared/roles.js';
import { type Gate, OPEN_GATE, TokenGate } from './gate.js';
import { Keyring } from './keyring.js';

/** Made because there were none: told once, and kept only as hashes. */
export interface FirstTokens {
  admin: string;
  worker: string;
}

export interface OpenedAccess {
  gate: Gate;
  firstTokens: FirstTokens | undefined;
  /** A token that holds as long as this process; undefined where none is asked for. */
  issue(role: Role, name: string): string | undefined;
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
    const nothing = { firstTokens: undefined, issue: () => undefined };
    return { ...nothing, gate: OPEN_GATE, save: async () => undefined, close: () => undefined };
  }
  const keyring = new Keyring({ path, now: () => Date.now(), warn });
  await keyring.open();
  const isFirst = path !== undefined && keyring.isEmpty;
  return {
    gate: new TokenGate({ ...options, keyring, now: () => monotonicClock.now() }),
    firstTokens: isFirst ? { admin: keyring.create('admin'), worker: keyring.create('worker') } : undefined,
    issue: (role, name) => keyring.issue(role, name),
    save: () => keyring.save(),
    close: () => keyring.close(),
  };
}
