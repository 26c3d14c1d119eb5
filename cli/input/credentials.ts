/**
 * The credentials of a command: its token, by a flag or better by a variable, which process lists do not show;
 * and the certificate by which it knows the coordinator.
 */
import { readFileSync } from 'node:fs';
import type { Given } from '../../shared/options/option.js';
import { messageOf, UserError } from '../../shared/user-error.js';
import { WORKER_OPTIONS } from '../../worker/node/options.js';

export const TOKEN_VARIABLE = 'SWARMGRAD_TOKEN';
/** Names a file that holds the token: how containers are given secrets. */
const TOKEN_FILE_VARIABLE = 'SWARMGRAD_TOKEN_FILE';

/** The options of every command that calls a coordinator. */
export const CREDENTIAL_OPTIONS = { token: WORKER_OPTIONS.token, ca: WORKER_OPTIONS.ca };

export interface Credentials {
  token: string | undefined;
  /** The certificate of the authority, in PEM form. */
  ca: string | undefined;
}

/** @throws UserError if a file cannot be read */
export function credentialsOf({ token, ca }: Given<typeof CREDENTIAL_OPTIONS>): Credentials {
  return {
    token: token ?? (process.env[TOKEN_VARIABLE] || tokenOfFile(process.env[TOKEN_FILE_VARIABLE])),
    ca: ca === undefined ? undefined : readCertificate(ca),
  };
}

function tokenOfFile(path: string | undefined): string | undefined {
  if (!path) return undefined;
  const token = read(path, TOKEN_FILE_VARIABLE).trim();
  if (token === '') throw new UserError(`${TOKEN_FILE_VARIABLE} ${path} is empty: it must hold a token`, 2);
  return token;
}

function read(path: string, whatFor: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UserError(`${whatFor} ${path} cannot be read: ${messageOf(error)}`, 2);
  }
}

function readCertificate(path: string): string {
  const pem = read(path, '--ca');
  if (!pem.includes('-----BEGIN CERTIFICATE-----'))
    throw new UserError(`--ca ${path} holds no certificate in PEM form`, 2);
  return pem;
}
