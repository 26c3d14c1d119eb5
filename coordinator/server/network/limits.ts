/** How much anyone may ask of a server: all bounds of connections and messages, and the counters behind them. */
import type { Server } from 'node:http';
import { networkOf } from './network-address.js';

/** The limit of a worker's messages: a few times what the fastest needs. */
const MESSAGES_PER_SECOND = 20_000;
const MESSAGES_AT_ONCE = 40_000;

/**
 * Of a worker's control messages: to build one costs more the longer it is. Beside that the worker has some bytes for
 * each lease, cancellation and part of an evaluation that it answers.
 */
const CONTROL_BYTES_PER_SECOND = 64 << 10;
const CONTROL_BYTES_AT_ONCE = 256 << 10;
const ANSWER_BYTES = 512;

/** Joins of one identity that shows no trusted token: each is a line in the log, and in the list of events. */
const JOINS = { atOnce: 64, perSecond: 1 };
/** Identities, and networks, of which it is remembered what they have taken. */
const MAX_IDENTITIES = 4096;

/**
 * Milliseconds of processor that answers of what a run shows may take, at once and in each second: of one address, and
 * of all. A page that watches takes a few a second; a history of as many points as there may be takes 25 to 100.
 */
const ANSWERS_OF_ONE = { atOnce: 1000, perSecond: 100 };
const ANSWERS_OF_ALL = { atOnce: 2000, perSecond: 400 };

/** The largest message before a join: a worker has nothing else to send. */
export const MAX_FIRST_MESSAGE_BYTES = 4096;

/** Bytes on the wire until then, handshakes and pings included: a few times what a join takes. */
export const MAX_STRANGER_BYTES = 16 << 10;
/** Milliseconds to join, for visitors with a token and without. */
export const JOIN_WITHIN = { known: 10_000, stranger: 3_000 };

/** Pages that watch, of one address. */
export const MAX_STREAMS_PER_ADDRESS = 32;

/** Connections of TCP for each WebSocket that is allowed: browsers and fetches of objects need more than one. */
const TCP_FOR_EACH = 4;

/**
 * Connections that the system holds until they are accepted, as far as it allows. Workers that have lost their coordinator
 * all come back within seconds; of those that find no room each tries again a second later, and then two.
 */
export const BACKLOG = 4096;

/** Milliseconds; see Node's `http.Server` for each. */
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

/** The limits by default. */
export const DEFAULT_LIMITS: ConnectionLimits = { maxConnections: 1024, maxConnectionsPerAddress: 256 };

export function limitServer(server: Server, { maxConnections }: ConnectionLimits): void {
  Object.assign(server, HTTP);
  server.maxConnections = TCP_FOR_EACH * maxConnections;
}

/** Things that are open, in all and by address (of IPv6 its network); one that has none takes no memory. */
export class OpenCount {
  private readonly byNetwork = new Map<string, number>();
  total = 0;

  constructor(
    private readonly most: number,
    private readonly mostOfOne: number,
  ) {}

  /** @returns what closes it, once; undefined if there are too many */
  open(address: string): (() => void) | undefined {
    const network = networkOf(address);
    const before = this.byNetwork.get(network) ?? 0;
    if (this.total >= this.most || before >= this.mostOfOne) return undefined;
    this.byNetwork.set(network, before + 1);
    this.total++;
    let isOpen = true;
    return () => {
      if (!isOpen) return;
      isOpen = false;
      this.total--;
      const left = this.byNetwork.get(network)! - 1;
      if (left === 0) this.byNetwork.delete(network);
      else this.byNetwork.set(network, left);
    };
  }
}

/** Connections of TCP for one server, by its limits. */
export const tcpCount = ({ maxConnections, maxConnectionsPerAddress }: ConnectionLimits): OpenCount =>
  new OpenCount(TCP_FOR_EACH * maxConnections, TCP_FOR_EACH * maxConnectionsPerAddress);

/** Fills by itself, evenly, up to its size. */
class Bucket {
  private left: number;
  private since: number;

  constructor(
    private readonly size: number,
    private readonly perSecond: number,
    now: number,
  ) {
    this.left = size;
    this.since = now;
  }

  /** Refused attempts count too: a visitor that goes on without a pause is not let in again. */
  take(amount: number, now: number): boolean {
    this.left = Math.min(this.size, this.left + ((now - this.since) * this.perSecond) / 1000);
    this.since = now;
    this.left -= amount;
    return this.left >= 0;
  }

  add(amount: number): void {
    this.left = Math.min(this.size, this.left + amount);
  }
}

/** What one connection may send: messages of any kind by their number, control messages by their bytes too. */
export class MessageRate {
  private readonly messages: Bucket;
  private readonly bytes: Bucket;

  /** @param now in milliseconds that never go back */
  constructor(private readonly now: () => number) {
    this.messages = new Bucket(MESSAGES_AT_ONCE, MESSAGES_PER_SECOND, now());
    this.bytes = new Bucket(CONTROL_BYTES_AT_ONCE, CONTROL_BYTES_PER_SECOND, now());
  }

  /** @param controlBytes of the message; 0: a frame, or what was asked for at such length */
  take(controlBytes = 0): 'tooManyMessages' | 'tooManyBytes' | undefined {
    const now = this.now();
    if (!this.messages.take(1, now)) return 'tooManyMessages';
    return this.bytes.take(controlBytes, now) ? undefined : 'tooManyBytes';
  }

  /** A question was sent to which the worker owes an answer, however fast the run is. */
  asked(): void {
    this.bytes.add(ANSWER_BYTES);
  }
}

/** A bucket each. Memory is bounded: who was longest away is forgotten. */
class Buckets {
  /** In order of use, oldest first. */
  private readonly byName = new Map<string, Bucket>();

  constructor(private readonly each: { atOnce: number; perSecond: number }) {}

  get size(): number {
    return this.byName.size;
  }

  of(name: string, now: number): Bucket {
    const { atOnce, perSecond } = this.each;
    const bucket = this.byName.get(name) ?? new Bucket(atOnce, perSecond, now);
    this.byName.delete(name);
    this.byName.set(name, bucket);
    if (this.byName.size > MAX_IDENTITIES) this.byName.delete(this.byName.keys().next().value!);
    return bucket;
  }
}

/** Milliseconds of processor that this process has had, all of its threads together. */
const processorMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** How much time answers of what a run shows have taken, by address. */
export class AnswerTime {
  private readonly buckets = new Buckets(ANSWERS_OF_ONE);
  private readonly all: Bucket;

  /**
   * @param now in milliseconds that never go back
   * @param worked milliseconds of processor until now
   */
  constructor(
    private readonly now: () => number,
    private readonly worked: () => number = processorMs,
  ) {
    this.all = new Bucket(ANSWERS_OF_ALL.atOnce, ANSWERS_OF_ALL.perSecond, now());
  }

  /**
   * Answers, and takes note of how long that took.
   * @returns whether it has answered: else too much has been asked, by this address or by all
   */
  spend(address: string, answer: () => void): boolean {
    const began = this.now();
    const workedBefore = this.worked();
    const own = this.buckets.of(networkOf(address), began);
    // One by one: what one address is refused must not be taken from what all have.
    if (!own.take(0, began) || !this.all.take(0, began)) return false;
    try {
      answer();
    } finally {
      const now = this.now();
      // Neither what other programs took of a busy machine meanwhile counts, nor what other threads did.
      const cost = Math.min(now - began, this.worked() - workedBefore);
      own.take(cost, now);
      this.all.take(cost, now);
    }
    return true;
  }
}

/** How often each identity joins. */
export class JoinRate {
  private readonly buckets = new Buckets(JOINS);

  /** @param now in milliseconds that never go back */
  constructor(private readonly now: () => number) {}

  mayJoin(identity: string): boolean {
    const now = this.now();
    const bucket = this.buckets.of(identity, now);
    if (bucket.take(1, now)) return true;
    // Many behind one address all try again: what they are refused must not keep all of them out.
    bucket.add(1);
    return false;
  }
}
