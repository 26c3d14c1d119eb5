/** Where a worker keeps what it has fetched, by hash. */
export interface ObjectCache {
  get(sha256: string): Promise<Uint8Array | undefined>;
  /** Keeps the bytes if it can; never rejects. */
  put(sha256: string, bytes: Uint8Array): Promise<void>;
}

/** A cache in memory that evicts the least recently used objects when its budget is spent. */
export class MemoryCache implements ObjectCache {
  private readonly objects = new Map<string, Uint8Array>();
  private bytes = 0;

  constructor(private readonly budgetBytes: number) {}

  async get(sha256: string): Promise<Uint8Array | undefined> {
    const found = this.objects.get(sha256);
    if (found) {
      // A map keeps the order of insertion: moved to its end, it is the last to go.
      this.objects.delete(sha256);
      this.objects.set(sha256, found);
    }
    return found;
  }

  async put(sha256: string, bytes: Uint8Array): Promise<void> {
    if (this.objects.has(sha256) || bytes.length > this.budgetBytes) return;
    this.objects.set(sha256, bytes);
    this.bytes += bytes.length;
    for (const [oldest, { length }] of this.objects) {
      if (this.bytes <= this.budgetBytes) break;
      this.objects.delete(oldest);
      this.bytes -= length;
    }
  }
}
