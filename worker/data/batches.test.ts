import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunked, sha256, xOf, yOf } from '../../test/support/files/chunked.js';
import { Batches, type BatchesOptions } from './batches.js';
import { MemoryCache, type ObjectCache } from './object-cache.js';

const noCache: ObjectCache = { get: async () => undefined, put: async () => undefined };

/** Batches over made records; tells what was fetched, in order, and how long retries would have waited. */
async function batchesOf(records: number, perChunk: number, change: Partial<BatchesOptions> = {}) {
  const { manifest, objects } = await chunked(records, perChunk);
  const fetched: number[] = [];
  const delays: number[] = [];
  const numberOf = (name: string) => manifest.chunks.findIndex((chunk) => chunk.sha256 === name);
  const batches = new Batches({
    manifest,
    cache: noCache,
    sha256,
    async fetchObject(name) {
      fetched.push(numberOf(name));
      return objects.get(name)!;
    },
    async delay(ms) {
      delays.push(ms);
    },
    ...change,
  });
  return { batches, manifest, objects, fetched, delays, numberOf };
}

const indices = (...values: number[]) => Uint32Array.from(values);

describe('a batch', () => {
  it('has the records of its indices, in their order, across chunks', async () => {
    const { batches } = await batchesOf(23, 5);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(22), { maxLength: 40 }), async (wanted) => {
        const { count, x, y } = await batches.assemble(indices(...wanted));
        expect(count).toBe(wanted.length);
        expect([...x]).toEqual(wanted.map(xOf));
        expect([...y]).toEqual(wanted.map(yOf));
      }),
    );
  });

  it('of no indices is empty and needs no chunk', async () => {
    const { batches, fetched } = await batchesOf(10, 5);
    expect(await batches.assemble(indices())).toMatchObject({ count: 0 });
    expect(fetched).toEqual([]);
  });

  it('of an index beyond the set is refused', async () => {
    const { batches } = await batchesOf(10, 5);
    await expect(batches.assemble(indices(10))).rejects.toThrow('record 10 of 10');
  });
});

describe('a chunk', () => {
  it('is fetched once, however many batches want it at the same time', async () => {
    const { batches, fetched, manifest } = await batchesOf(20, 5);
    await Promise.all([
      batches.assemble(indices(0, 6)),
      batches.assemble(indices(1, 7)),
      batches.assemble(indices(2)),
    ]);
    await batches.assemble(indices(3, 8));
    expect(fetched.sort()).toEqual([0, 1]);
    expect(batches.downloaded).toBe(manifest.chunks[0]!.bytes + manifest.chunks[1]!.bytes);
  });

  it('that the cache has is not fetched', async () => {
    const cache = new MemoryCache(1e6);
    const first = await batchesOf(20, 5, { cache });
    await first.batches.assemble(indices(0, 19));
    const second = await batchesOf(20, 5, { cache });
    const { x } = await second.batches.assemble(indices(19, 0, 7));
    expect([...x]).toEqual([19, 0, 7].map(xOf));
    expect(second.fetched).toEqual([1]);
    expect(second.batches.downloaded).toBe(second.manifest.chunks[1]!.bytes);
  });

  it('is put into the cache when it has arrived whole, under its hash', async () => {
    const put: [string, Uint8Array][] = [];
    const { batches, manifest, objects } = await batchesOf(10, 5, {
      cache: { get: async () => undefined, put: async (name, bytes) => void put.push([name, bytes]) },
    });
    await batches.assemble(indices(7));
    const { sha256: name } = manifest.chunks[1]!;
    expect(put).toEqual([[name, objects.get(name)]]);
  });

  it('that arrives damaged, short or not at all is fetched again, each time after a longer wait', async () => {
    const answers: ((bytes: Uint8Array) => Uint8Array)[] = [
      (bytes) => bytes.slice(1),
      (bytes) => bytes.map((byte, i) => (i === 3 ? byte ^ 1 : byte)),
      () => {
        throw new Error('connection reset');
      },
      (bytes) => bytes,
    ];
    const put: string[] = [];
    const made = await batchesOf(5, 5, {
      fetchObject: async (name) => answers.shift()!(made.objects.get(name)!),
      cache: { get: async () => undefined, put: async (name) => void put.push(name) },
    });
    expect([...(await made.batches.assemble(indices(4, 2))).x]).toEqual([4, 2].map(xOf));
    expect(made.delays).toEqual([200, 400, 800]);
    expect(put).toEqual([made.manifest.chunks[0]!.sha256]);
  });

  it('that cannot be had is given up with an error that names it and the last problem', async () => {
    let broken = true;
    const made = await batchesOf(15, 5, {
      async fetchObject(name) {
        made.fetched.push(made.numberOf(name));
        if (broken && made.numberOf(name) === 2) throw new Error('503 from the coordinator');
        return made.objects.get(name)!;
      },
    });
    const { sha256: name } = made.manifest.chunks[2]!;
    await expect(made.batches.assemble(indices(0, 11))).rejects.toThrow(
      `data chunk ${name} cannot be had (4 attempts): 503 from the coordinator`,
    );
    expect(made.fetched.filter((number) => number === 2)).toHaveLength(4);
    // The next batch tries afresh.
    broken = false;
    expect([...(await made.batches.assemble(indices(11))).x]).toEqual([xOf(11)]);
  });

  it('with another hash is never used', async () => {
    const made = await batchesOf(5, 5, {
      fetchObject: async (name) => made.objects.get(name)!.map((byte) => byte ^ 1),
    });
    await expect(made.batches.assemble(indices(0))).rejects.toThrow('25 bytes with another hash arrived');
  });
});

describe('the memory for chunks', () => {
  it('holds the most recently used ones within its bound', async () => {
    // Room for two chunks of 25 bytes.
    const { batches, fetched } = await batchesOf(20, 5, { memoryBytes: 60 });
    for (const index of [0, 5, 0, 10]) await batches.assemble(indices(index));
    expect(fetched).toEqual([0, 1, 2]);
    // Chunk 1 had to go, chunk 0 was used after it.
    await batches.assemble(indices(0));
    expect(fetched).toEqual([0, 1, 2]);
    await batches.assemble(indices(5));
    expect(fetched).toEqual([0, 1, 2, 1]);
  });

  it('may be smaller than what one batch needs', async () => {
    const { batches } = await batchesOf(20, 5, { memoryBytes: 1 });
    const wanted = [0, 19, 7, 12, 3];
    expect([...(await batches.assemble(indices(...wanted))).x]).toEqual(wanted.map(xOf));
  });
});

describe('fetching', () => {
  it('asks for at most four chunks at once', async () => {
    const waiting: (() => void)[] = [];
    let running = 0;
    let most = 0;
    const made = await batchesOf(50, 5, {
      async fetchObject(name) {
        most = Math.max(most, ++running);
        await new Promise<void>((resolve) => waiting.push(resolve));
        running--;
        return made.objects.get(name)!;
      },
    });
    const whole = made.batches.assemble(Uint32Array.from({ length: 50 }, (_, i) => i));
    let done = false;
    whole.then(() => {
      done = true;
    });
    while (!done) {
      waiting.shift()?.();
      await new Promise(setImmediate);
    }
    expect([...(await whole).x]).toEqual(Array.from({ length: 50 }, (_, i) => xOf(i)));
    expect(most).toBe(4);
  });
});
