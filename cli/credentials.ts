/** The token that a command shows: by a flag, or better by a variable, which lists of processes do not show. */
import { WORKER_OPTIONS } from '../shared/options.js';

export const TOKEN_VARIABLE = 'SWARMGRAD_TOKEN';

/** Of every command that calls a coordinator. */
export const CREDENTIAL_OPTIONS = { token: WORKER_OPTIONS.token };

export const tokenGiven = (flag: string | undefined): string | undefined =>
  flag ?? (process.env[TOKEN_VARIABLE] || undefined);
