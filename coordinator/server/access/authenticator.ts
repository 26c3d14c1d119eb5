/**
 * Who asks: the one place where a request, or a joining worker, becomes a principal with roles. What roles
 * may do stands in `server/http/rights.ts`.
 *
 * With tokens, only a token gives roles: an address gives none, since behind a reverse proxy on the same
 * machine everybody comes from loopback. Without, everyone may compute and watch, and a user at the
 * machine of the run may steer it.
 */
import type { IncomingMessage } from 'node:http';
import type { Role } from '../../../shared/protocol/roles.js';
import { mayAdminister } from '../network/origin.js';
import { AttemptLimiter } from './attempt-limiter.js';
import type { HeldToken, Lost, TokenStore } from './token-store.js';
import { digestOf } from './tokens.js';

export interface Principal {
  roles: readonly Role[];
  /** The token that was shown; undefined if none is asked for. */
  token?: HeldToken;
}

/** `missing`: no token was shown; `tooMany`: too many wrong ones from there, this one was not tried. */
export type Refusal = 'missing' | 'wrong' | 'tooMany' | 'expired';
export type AuthResult = { principal: Principal } | { refused: Refusal };

export interface Authenticator {
  readonly auth: 'none' | 'tokens';
  /** Authenticates by the token that the request carries, in a header or a cookie. */
  ofRequest(request: IncomingMessage): AuthResult;
  /** Authenticates by a token that arrived another way. */
  ofToken(token: string, request: IncomingMessage): AuthResult;
  /** Calls `lost` once the principal's token is void. @returns what ends that */
  watch(principal: Principal, lost: Lost): () => void;
  /** The cookie that carries a token from now on, or with '' none any more. */
  cookie(token: string, request: IncomingMessage): string;
}

/** Asks for no token. */
export const OPEN_AUTHENTICATOR: Authenticator = {
  auth: 'none',
  ofRequest: (request) => ({
    principal: { roles: mayAdminister(request) ? ['admin', 'worker', 'monitor'] : ['worker', 'monitor'] },
  }),
  ofToken: (_token, request) => OPEN_AUTHENTICATOR.ofRequest(request),
  watch: () => () => undefined,
  cookie: () => '',
};

const BEARER = /^Bearer ([\w.~+/=-]{1,200})$/i;
const COOKIE_SECONDS = 30 * 24 * 60 * 60;

export interface TokenAuthenticatorOptions {
  store: TokenStore;
  /** Milliseconds that never go back. */
  now(): number;
  addressOf(request: IncomingMessage): string;
  /** Whether the principal's connection is encrypted. */
  isSecure(request: IncomingMessage): boolean;
  warn(text: string): void;
}

export class TokenAuthenticator implements Authenticator {
  readonly auth = 'tokens';
  private readonly attempts: AttemptLimiter;

  constructor(private readonly options: TokenAuthenticatorOptions) {
    this.attempts = new AttemptLimiter(options.now);
  }

  ofRequest(request: IncomingMessage): AuthResult {
    const token = BEARER.exec(request.headers.authorization ?? '')?.[1] ?? this.tokenOfCookie(request);
    return token ? this.ofToken(token, request) : { refused: 'missing' };
  }

  ofToken(token: string, request: IncomingMessage): AuthResult {
    const { store, addressOf, warn } = this.options;
    const address = addressOf(request);
    const digest = digestOf(token).toString('hex');
    if (!this.attempts.mayTry(address, digest)) {
      return { refused: this.attempts.isKnownWrong(address, digest) ? 'wrong' : 'tooMany' };
    }
    const held = store.find(token);
    if (held) {
      this.attempts.right(address, digest);
      return { principal: { roles: [held.role], token: held } };
    }
    // This is no guess: the token was valid once, and is again after a clock that jumped ahead is put back.
    if (store.hasExpired(token)) return { refused: 'expired' };
    if (this.attempts.wrong(address, digest))
      warn(`too many wrong tokens from ${address}: no others are tried for a while`);
    return { refused: 'wrong' };
  }

  watch({ token }: Principal, lost: Lost): () => void {
    return token ? this.options.store.watch(token, lost) : () => undefined;
  }

  /** Scripts cannot read it, other sites cannot have it sent, and on TLS it never leaves TLS. */
  cookie(token: string, request: IncomingMessage): string {
    const secure = this.options.isSecure(request);
    const life = token === '' ? 0 : COOKIE_SECONDS;
    const parts = [`${this.cookieName(secure)}=${token}`, 'Path=/', `Max-Age=${life}`, 'HttpOnly'];
    return [...parts, 'SameSite=Strict', ...(secure ? ['Secure'] : [])].join('; ');
  }

  /** A host name has one jar for all of its ports: each coordinator has a name of its own. */
  private cookieName(secure: boolean): string {
    return `${secure ? '__Host-' : ''}swarmgrad-${this.options.store.id}`;
  }

  private tokenOfCookie(request: IncomingMessage): string | undefined {
    const name = `${this.cookieName(this.options.isSecure(request))}=`;
    const cookies = (request.headers.cookie ?? '').split(';').map((cookie) => cookie.trim());
    return cookies.find((cookie) => cookie.startsWith(name))?.slice(name.length, name.length + 200);
  }
}
