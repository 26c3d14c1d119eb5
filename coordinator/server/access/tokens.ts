/**
 * Tokens: what they are and how they are kept. A token is 32 random bytes; only its SHA-256 is stored, so
 * a reader of the file cannot join with what it holds. So many random bits need no slow hash.
 */
import { createHash, randomBytes } from 'node:crypto';
import * as z from 'zod';
import { ROLES, type Role } from '../../../shared/protocol/roles.js';
import { UserError } from '../../../shared/user-error.js';

/** Lets people, and programs that look for leaked secrets, see what it is. */
const PREFIX = 'sg_';
const RANDOM_BYTES = 32;
/** Digits of the digest that name a token: enough to tell the tokens of a file apart. */
const ID_DIGITS = 8;

export interface StoredToken {
  id: string;
  role: Role;
  /** The owner's name, for display. */
  name: string;
  /** The SHA-256 of the token, in lower-case hexadecimal. */
  sha256: string;
  /** ISO 8601. */
  created: string;
  /** ISO 8601; null: never. */
  expires: string | null;
}

export interface NewToken {
  role: Role;
  name?: string | undefined;
  /** Milliseconds from now; undefined: for ever. */
  lifeMs?: number | undefined;
}

/** @returns the token, which is kept nowhere, and what is kept of it */
export function newToken(
  { role, name, lifeMs }: NewToken,
  now: number,
): { token: string; stored: StoredToken } {
  const token = PREFIX + randomBytes(RANDOM_BYTES).toString('base64url');
  const sha256 = digestOf(token).toString('hex');
  const stored = {
    id: sha256.slice(0, ID_DIGITS),
    role,
    name: name ?? role,
    sha256,
    created: new Date(now).toISOString(),
    expires: lifeMs === undefined ? null : new Date(now + lifeMs).toISOString(),
  };
  return { token, stored };
}

export const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest();

export const isExpired = ({ expires }: StoredToken, now: number): boolean =>
  expires !== null && Date.parse(expires) <= now;

const time = z.iso.datetime();
const file = z.object({
  format: z.literal(1),
  tokens: z
    .array(
      z.object({
        id: z.string().regex(/^[0-9a-f]{8}$/),
        role: z.enum(ROLES),
        name: z.string().max(100),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
        created: time,
        expires: time.nullable(),
      }),
    )
    .max(10_000),
});

/** @throws UserError naming the file and what is wrong in it */
export function parseTokens(text: string, path: string): StoredToken[] {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    throw new UserError(`${path} is not JSON: fix it, or delete it and create tokens anew`);
  }
  const { success, data, error } = file.safeParse(raw);
  if (success) return data.tokens;
  const { path: where, message } = error.issues[0]!;
  throw new UserError(`${path} is not a file of tokens (${where.join('.') || 'all of it'}: ${message})`);
}

export const serializeTokens = (tokens: readonly StoredToken[]): string =>
  `${JSON.stringify({ format: 1, tokens }, null, 2)}\n`;
