/**
 * From sample indices to batches: finds the chunks that hold them in memory, in the cache or at the
 * coordinator, checks what arrives by its hash, and puts the records side by side.
 */
import PQueue from 'p-queue';
import type { Batch } from '../../engine/engine.js';
import { gatherRecords } from '../../shared/data/gather-records.js';
import type { Manifest } from '../../shared/data/manifest.js';
import { messageOf } from '../../shared/user-error.js';
import type { ObjectCache } from './object-cache.js';

const CONCURRENT_FETCHES = 4;
const ATTEMPTS = 4;
const FIRST_RETRY_MS = 200;
const MEMORY_BYTES = 512 * 1024 * 1024;

export interface BatchesOptions {
  manifest: Manifest;
  /** Fetches an object of so many bytes, and reads no more than that. */
  fetchObject(sha256: string, bytes: number): Promise<Uint8Array>;
  cache: ObjectCache;
  sha256(bytes: Uint8Array): Promise<string>;
  /** Bytes of chunks held in memory; default 512 MiB. At least the chunks of one batch are held. */
  memoryBytes?: number | undefined;
  /** Waits before a fetch is tried again; tests hand in their own. */
  delay?(ms: number): Promise<void>;
}

export class Batches {
  /** Bytes fetched over the network so far. */
  downloaded = 0;
  private readonly queue = new PQueue({ concurrency: CONCURRENT_FETCHES });
  /** Chunks in order of use, oldest first. */
  private readonly chunks = new Map<number, Uint8Array>();
  private held = 0;
  private readonly pending = new Map<number, Promise<Uint8Array>>();

  constructor(private readonly options: BatchesOptions) {}

  /**
   * The records of `indices`, in their order.
   * @param take memory to put them into; default: new
   * @throws Error if a chunk cannot be had after several attempts
   */
  async assemble(indices: Uint32Array, take?: (bytes: number) => ArrayBufferLike): Promise<Batch> {
    const { manifest } = this.options;
    const numbers = new Set<number>();
    for (const index of indices) {
      if (index >= manifest.records) throw new RangeError(`record ${index} of ${manifest.records}`);
      numbers.add(Math.floor(index / manifest.recordsPerChunk));
    }
    const chunks = new Map<number, Uint8Array>();
    const missing: Promise<void>[] = [];
    for (const number of numbers) {
      const known = this.recall(number);
      if (known) chunks.set(number, known);
      else missing.push(this.load(number).then((bytes) => void chunks.set(number, bytes)));
    }
    if (missing.length > 0) await Promise.all(missing);
    return gatherRecords(manifest, indices, (number) => chunks.get(number)!, take);
  }

  /** Records `[from, to)`, as they are stored. */
  range(from: number, to: number): Promise<Batch> {
    return this.assemble(Uint32Array.from({ length: to - from }, (_, at) => from + at));
  }

  private recall(number: number): Uint8Array | undefined {
    const known = this.chunks.get(number);
    if (known) {
      this.chunks.delete(number);
      this.chunks.set(number, known);
    }
    return known;
  }

  private load(number: number): Promise<Uint8Array> {
    const pending = this.pending.get(number);
    if (pending) return pending;
    const loading = this.queue.add(() => this.find(number)).finally(() => this.pending.delete(number));
    this.pending.set(number, loading);
    return loading;
  }

  private async find(number: number): Promise<Uint8Array> {
    const { cache, manifest } = this.options;
    const { sha256 } = manifest.chunks[number]!;
    let bytes = await cache.get(sha256);
    if (!bytes) {
      bytes = await this.fetch(number);
      await cache.put(sha256, bytes);
    }
    this.keep(number, bytes);
    return bytes;
  }

  private async fetch(number: number): Promise<Uint8Array> {
    const { sha256, bytes: length } = this.options.manifest.chunks[number]!;
    const delay = this.options.delay ?? ((ms) => new Promise<void>((resolve) => setTimeout(resolve, ms)));
    let problem = '';
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (attempt > 0) await delay(FIRST_RETRY_MS * 2 ** (attempt - 1));
      try {
        const bytes = await this.options.fetchObject(sha256, length);
        this.downloaded += bytes.length;
        if (bytes.length === length && (await this.options.sha256(bytes)) === sha256) return bytes;
        problem = `${bytes.length} bytes with another hash arrived`;
      } catch (error) {
        problem = messageOf(error);
      }
    }
    throw new Error(`data chunk ${sha256} cannot be had (${ATTEMPTS} attempts): ${problem}`);
  }

  private keep(number: number, bytes: Uint8Array): void {
    this.chunks.set(number, bytes);
    this.held += bytes.length;
    for (const [oldest, { length }] of this.chunks) {
      if (this.held <= (this.options.memoryBytes ?? MEMORY_BYTES) || oldest === number) break;
      this.chunks.delete(oldest);
      this.held -= length;
    }
  }
}
