/**
 * Places for WebSockets. A visitor without a token is a stranger, and strangers have a small pool of their own:
 * however many of them come, they take no place of those that take part. Where tokens are asked for, some places are
 * kept for the trusted ones, so that guests cannot keep them out either.
 */

import { type ConnectionLimits, OpenCount } from '../network/limits.js';
import type { Principal } from './authenticator.js';

/** `guest`: takes part, and has no token that is trusted. */
export type PlaceKind = 'stranger' | 'guest' | 'trusted';

const STRANGERS = 256;
const STRANGERS_OF_ONE = 64;
/** The share of places that is reserved for trusted workers, if tokens are asked for. */
const KEPT_FOR_TRUSTED = 1 / 4;

/** @param principal undefined: not known yet */
export function placeKindOf(principal: Principal | undefined, auth: 'tokens' | 'none'): PlaceKind {
  if (auth === 'none') return principal ? 'guest' : 'stranger';
  const role = principal?.token?.role;
  if (role === 'worker' || role === 'admin') return 'trusted';
  return role === 'volunteer' ? 'guest' : 'stranger';
}

export class Places {
  private readonly open: Record<PlaceKind, OpenCount>;
  private readonly most: number;

  constructor({ maxConnections, maxConnectionsPerAddress }: ConnectionLimits, auth: 'tokens' | 'none') {
    const kept = auth === 'tokens' ? Math.floor(KEPT_FOR_TRUSTED * maxConnections) : 0;
    this.most = maxConnections;
    this.open = {
      stranger: new OpenCount(
        Math.min(STRANGERS, maxConnections),
        Math.min(STRANGERS_OF_ONE, maxConnectionsPerAddress),
      ),
      guest: new OpenCount(maxConnections - kept, maxConnectionsPerAddress),
      trusted: new OpenCount(maxConnections, maxConnectionsPerAddress),
    };
  }

  get total(): number {
    return this.open.stranger.total + this.taken;
  }

  /** @returns what gives the place back, once; undefined if there is none */
  take(kind: PlaceKind, address: string): (() => void) | undefined {
    if (kind !== 'stranger' && this.taken >= this.most) return undefined;
    return this.open[kind].open(address);
  }

  /** Places taken by workers that take part, or will. */
  private get taken(): number {
    return this.open.guest.total + this.open.trusted.total;
  }
}
