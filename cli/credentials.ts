/**
 * What a command shows to a coordinator, and by what it knows it: a token, by a flag or better by a variable,
 * which lists of processes do not show; and the certificate of its authority.
 */
import { readFileSync } from 'node:fs';
import { type Given, WORKER_OPTIONS } from '../shared/options.js';
import { messageOf, UserError } from '../shared/user-error.js';

export const TOKEN_VARIABLE = 'SWARMGRAD_TOKEN';

/** Of every command that calls a coordinator. */
export const CREDENTIAL_OPTIONS = { token: WORKER_OPTIONS.token, ca: WORKER_OPTIONS.ca };

export interface Credentials {
  token: string | undefined;
  /** In PEM form. */
  ca: string | undefined;
}

/** @throws UserError if the certificate cannot be read */
export function credentialsOf({ token, ca }: Given<typeof CREDENTIAL_OPTIONS>): Credentials {
  return {
    token: token ?? (process.env[TOKEN_VARIABLE] || undefined),
    ca: ca === undefined ? undefined : readCertificate(ca),
  };
}

function readCertificate(path: string): string {
  let pem: string;
  try {
    pem = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UserError(`--ca ${path} cannot be read: ${messageOf(error)}`, 2);
  }
  if (!pem.includes('-----BEGIN CERTIFICATE-----'))
    throw new UserError(`--ca ${path} holds no certificate in PEM form`, 2);
  return pem;
}
