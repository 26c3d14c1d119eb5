/**
 * Who asks: the one place where a request, or a joining worker, becomes a visitor with roles. What roles
 * may do stands in `server/rights.ts`.
 *
 * With tokens, only a token gives roles: an address gives none, since behind a reverse proxy on the same
 * machine everybody comes from loopback. Without, everyone may compute and watch, and whoever sits at the
 * machine of the run may steer it.
 */
import type { IncomingMessage } from 'node:http';
import type { Role } from '../../shared/roles.js';
import { mayAdminister } from '../server/origin.js';
import { Guesses } from './guesses.js';
import type { Holder, Keyring } from './keyring.js';
import { digestOf } from './tokens.js';

export interface Visitor {
  roles: readonly Role[];
  /** Whose token it was; undefined where none is asked for. */
  holder?: Holder;
}

/** `missing`: no token was shown; `tooMany`: too many wrong ones from there, this one was not tried. */
export type Refusal = 'missing' | 'wrong' | 'tooMany';
export type Verdict = { visitor: Visitor } | { refused: Refusal };

export interface Gate {
  readonly auth: 'none' | 'tokens';
  /** By the token that the request carries, in a header or a cookie. */
  ofRequest(request: IncomingMessage): Verdict;
  /** By a token that was told otherwise. */
  ofToken(token: string, request: IncomingMessage): Verdict;
  /** Calls `lost` once the visitor's token is void. @returns what ends that */
  watch(visitor: Visitor, lost: () => void): () => void;
  /** The cookie that carries a token from now on, or with '' none any more. */
  cookie(token: string, request: IncomingMessage): string;
}

/** Nobody needs a token. */
export const OPEN_GATE: Gate = {
  auth: 'none',
  ofRequest: (request) => ({
    visitor: { roles: mayAdminister(request) ? ['admin', 'worker', 'monitor'] : ['worker', 'monitor'] },
  }),
  ofToken: (_token, request) => OPEN_GATE.ofRequest(request),
  watch: () => () => undefined,
  cookie: () => '',
};

const BEARER = /^Bearer ([\w.~+/=-]{1,200})$/i;
const COOKIE_SECONDS = 30 * 24 * 60 * 60;

export interface TokenGateOptions {
  keyring: Keyring;
  /** Milliseconds that never go back. */
  now(): number;
  addressOf(request: IncomingMessage): string;
  /** Whether the visitor's connection is encrypted. */
  isSecure(request: IncomingMessage): boolean;
  warn(text: string): void;
}

export class TokenGate implements Gate {
  readonly auth = 'tokens';
  private readonly guesses: Guesses;

  constructor(private readonly options: TokenGateOptions) {
    this.guesses = new Guesses(options.now);
  }

  ofRequest(request: IncomingMessage): Verdict {
    const token = BEARER.exec(request.headers.authorization ?? '')?.[1] ?? this.tokenOfCookie(request);
    return token ? this.ofToken(token, request) : { refused: 'missing' };
  }

  ofToken(token: string, request: IncomingMessage): Verdict {
    const { keyring, addressOf, warn } = this.options;
    const address = addressOf(request);
    const digest = digestOf(token).toString('hex');
    if (!this.guesses.mayTry(address, digest)) {
      return { refused: this.guesses.isKnownWrong(address, digest) ? 'wrong' : 'tooMany' };
    }
    const holder = keyring.holderOf(token);
    if (holder) {
      this.guesses.right(address, digest);
      return { visitor: { roles: [holder.role], holder } };
    }
    if (this.guesses.wrong(address, digest))
      warn(`too many wrong tokens from ${address}: no others are tried for a while`);
    return { refused: 'wrong' };
  }

  watch({ holder }: Visitor, lost: () => void): () => void {
    return holder ? this.options.keyring.watch(holder, lost) : () => undefined;
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
    return `${secure ? '__Host-' : ''}swarmgrad-${this.options.keyring.id}`;
  }

  private tokenOfCookie(request: IncomingMessage): string | undefined {
    const name = `${this.cookieName(this.options.isSecure(request))}=`;
    const cookies = (request.headers.cookie ?? '').split(';').map((cookie) => cookie.trim());
    return cookies.find((cookie) => cookie.startsWith(name))?.slice(name.length, name.length + 200);
  }
}
