/**
 * Counts wrong tokens by address: an address that tries many is ignored for a while. A token that is
 * wrong once and again, as a browser's cookie after its token was revoked, is one guess. Memory is bounded.
 */
import { networkOf } from '../network/network-address.js';

/** Guesses at once, and milliseconds until there is another. */
const BURST = 10;
const REFILL_MS = 10_000;
const MAX_ADDRESSES = 4096;
/** How many wrong tokens of each kind are remembered for an address. */
const REMEMBERED = 16;

interface Record {
  left: number;
  since: number;
  wrong: Set<string>;
  right: Set<string>;
}

export class AttemptLimiter {
  /** Records in order of use, oldest first. */
  private readonly records = new Map<string, Record>();

  constructor(private readonly now: () => number) {}

  /**
   * Whether the token may be tried. One that was right at this address before always may: who shares an
   * address with a guesser is not shut out.
   */
  mayTry(address: string, digest: string): boolean {
    const record = this.find(address);
    return !record || record.right.has(digest) || this.left(record) >= 1;
  }

  /** @returns whether it was the last that this address has for now */
  wrong(address: string, digest: string): boolean {
    const record = this.use(address);
    if (record.wrong.has(digest)) return false;
    remember(record.wrong, digest);
    record.left = this.left(record) - 1;
    record.since = this.now();
    return record.left < 1;
  }

  /** Whether this very token was wrong at this address before. */
  isKnownWrong(address: string, digest: string): boolean {
    return this.find(address)?.wrong.has(digest) ?? false;
  }

  right(address: string, digest: string): void {
    const record = this.use(address);
    record.wrong.delete(digest);
    remember(record.right, digest);
  }

  get addresses(): number {
    return this.records.size;
  }

  private left({ left, since }: Record): number {
    return Math.min(BURST, left + (this.now() - since) / REFILL_MS);
  }

  private find(address: string): Record | undefined {
    return this.records.get(networkOf(address));
  }

  private use(address: string): Record {
    const key = networkOf(address);
    const record = this.records.get(key) ?? {
      left: BURST,
      since: this.now(),
      wrong: new Set(),
      right: new Set(),
    };
    this.records.delete(key);
    this.records.set(key, record);
    if (this.records.size > MAX_ADDRESSES) this.records.delete(this.records.keys().next().value!);
    return record;
  }
}

function remember(known: Set<string>, digest: string): void {
  known.delete(digest);
  known.add(digest);
  if (known.size > REMEMBERED) known.delete(known.values().next().value!);
}
