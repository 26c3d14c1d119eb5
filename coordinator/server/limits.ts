/** How much anyone may ask of a server: all bounds of connections and messages, and the counters behind them. */
import type { Server } from 'node:http';

/** Of a worker's messages: what the fastest needs, and a few times more. */
const MESSAGES_PER_SECOND = 20_000;
const MESSAGES_AT_ONCE = 40_000;

/** Before it has joined, a worker has nothing to say but that. */
export const MAX_FIRST_MESSAGE_BYTES = 4096;

/** Pages that watch, of one address. */
export const MAX_STREAMS_PER_ADDRESS = 32;

/** Connections of TCP for each WebSocket that is allowed: browsers and fetches of objects need more than one. */
const TCP_FOR_EACH = 4;

/** In milliseconds; see Node's `http.Server` for each. */
const HTTP = {
  headersTimeout: 10_000,
  requestTimeout: 20_000,
  keepAliveTimeout: 15_000,
  // Without a byte in either direction; WebSockets have their own watch.
  timeout: 60_000,
  maxRequestsPerSocket: 10_000,
  maxHeadersCount: 64,
};

/** What must be known when a server is made. */
export const HTTP_AT_START = { connectionsCheckingInterval: 2_000, maxHeaderSize: 16 << 10 };

export interface ConnectionLimits {
  /** WebSockets in all, and from one address. */
  maxConnections: number;
  maxConnectionsPerAddress: number;
}

/** Where nobody has said otherwise. */
export const DEFAULT_LIMITS: ConnectionLimits = { maxConnections: 1024, maxConnectionsPerAddress: 256 };

export function limitServer(server: Server, { maxConnections }: ConnectionLimits): void {
  Object.assign(server, HTTP);
  server.maxConnections = TCP_FOR_EACH * maxConnections;
}

/** Things that are open, in all and by address; an address that has none takes no memory. */
export class OpenCount {
  private readonly byAddress = new Map<string, number>();
  total = 0;

  constructor(
    private readonly most: number,
    private readonly mostOfOne: number,
  ) {}

  /** @returns what closes it, once; undefined if there are too many */
  open(address: string): (() => void) | undefined {
    const before = this.byAddress.get(address) ?? 0;
    if (this.total >= this.most || before >= this.mostOfOne) return undefined;
    this.byAddress.set(address, before + 1);
    this.total++;
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      this.total--;
      const left = this.byAddress.get(address)! - 1;
      if (left === 0) this.byAddress.delete(address);
      else this.byAddress.set(address, left);
    };
  }
}

/** Counters for one server, by its limits. */
export function openCounts({ maxConnections, maxConnectionsPerAddress }: ConnectionLimits) {
  return {
    sockets: new OpenCount(maxConnections, maxConnectionsPerAddress),
    tcp: new OpenCount(TCP_FOR_EACH * maxConnections, TCP_FOR_EACH * maxConnectionsPerAddress),
  };
}

/** A bucket of messages that fills by itself. */
export class MessageRate {
  private left = MESSAGES_AT_ONCE;
  private since: number;

  /** @param now in milliseconds that never go back */
  constructor(private readonly now: () => number) {
    this.since = now();
  }

  /** Whether another message may come. */
  take(): boolean {
    const now = this.now();
    this.left = Math.min(MESSAGES_AT_ONCE, this.left + ((now - this.since) * MESSAGES_PER_SECOND) / 1000);
    this.since = now;
    this.left--;
    return this.left >= 0;
  }
}
