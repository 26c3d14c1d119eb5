import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Node, ROOT, shardBounds } from '../../../shared/numerics/tree.js';
import { type Lease, StepLedger } from './ledger.js';
import { canDeliver, orphans } from './orphans.js';

const ledgerOf = (shards: number, chunks: number, samples = 64) =>
  new StepLedger(0, shardBounds(samples, shards), chunks);

describe('orphans', () => {
  it('are the whole tree while nothing is leased', () => {
    expect(orphans(ledgerOf(8, 2))).toEqual([ROOT]);
  });

  it('are none while leases cover the tree', () => {
    const ledger = ledgerOf(4, 2);
    ledger.lease(2, 1, 0);
    ledger.lease(3, 2, 0);
    expect(orphans(ledger)).toEqual([]);
  });

  it('are what a late half leaves open once the other half has counted, though the whole is still leased', () => {
    const ledger = ledgerOf(4, 1);
    ledger.lease(2, 1, 0);
    ledger.lease(3, 2, 0);
    // Node 2 is late; only its left child is leased as well, and counts first.
    ledger.lease(4, 3, 0);
    ledger.accept(4, 0);
    expect(canDeliver(ledger, 2)).toBe(false);
    expect(orphans(ledger)).toEqual([5]);
  });

  it('are cut finely enough for each to count in every chunk', () => {
    const ledger = ledgerOf(2, 2);
    // Chunk 0 lacks the right shard, chunk 1 the left one.
    ledger.accept(2, 0);
    ledger.accept(3, 1);
    expect(orphans(ledger).sort()).toEqual([2, 3]);
  });

  it('are of the part of the tree that is summed here alone', () => {
    const ledger = new StepLedger(0, shardBounds(64, 8), 2, 3);
    expect(orphans(ledger)).toEqual([3]);
    ledger.accept(6, 0);
    ledger.accept(6, 1);
    expect(orphans(ledger)).toEqual([7]);
  });

  it('are asked for in a range of chunks', () => {
    const ledger = ledgerOf(2, 3);
    ledger.accept(2, 1);
    expect(orphans(ledger, 1, 2)).toEqual([3]);
    expect(orphans(ledger, 2)).toEqual([ROOT]);
    expect(orphans(ledger, 0, 1)).toEqual([ROOT]);
    expect(orphans(ledger, 1, 1)).toEqual([]);
  });

  it('are cut where a part of them has this chunk and lacks that one', () => {
    const ledger = ledgerOf(4, 2);
    // Chunk 0 lacks all shards, chunk 1 the third one alone.
    for (const node of [2, 7]) ledger.accept(node, 1);
    expect(orphans(ledger).sort()).toEqual([2, 6, 7]);
    expect(orphans(ledger, 0, 1)).toEqual([ROOT]);
    expect(orphans(ledger, 1, 2)).toEqual([6]);
    const halves = ledgerOf(4, 2);
    halves.accept(2, 1);
    expect(orphans(halves).sort()).toEqual([2, 3]);
  });

  it('are cut into nothing that has no samples', () => {
    // Of eight shards the third and the fourth are empty. Chunk 0 lacks the first two, chunk 1 the first.
    const ledger = new StepLedger(0, [0, 4, 8, 8, 8, 12, 16, 20, 24], 2);
    for (const chunk of [0, 1]) ledger.accept(3, chunk);
    ledger.accept(9, 1);
    expect(orphans(ledger).sort()).toEqual([8, 9]);
  });

  it('are what plain loops over all shards find, in nodes that are missing as a whole or not at all', () => {
    const shapes = fc.record({
      shards: fc.constantFrom(1, 2, 4, 8),
      chunks: fc.integer({ min: 1, max: 4 }),
      samples: fc.integer({ min: 1, max: 20 }),
    });
    const changes = fc.array(fc.record({ isLease: fc.boolean(), node: fc.nat(), chunk: fc.nat() }), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(shapes, changes, fc.nat(), fc.nat(), ({ shards, chunks, samples }, made, a, b) => {
        const bounds = shardBounds(samples, shards);
        const ledger = new StepLedger(0, bounds, chunks);
        const under = (node: Node) => {
          const size = shards / 2 ** Math.floor(Math.log2(node));
          const first = node * size - shards;
          return Array.from({ length: size }, (_, i) => first + i).filter((i) => bounds[i]! < bounds[i + 1]!);
        };
        const has = Array.from({ length: chunks }, () => new Set<number>());
        const leased: number[][] = [];
        for (const [worker, change] of made.entries()) {
          const node = 1 + (change.node % (2 * shards - 1));
          const chunk = change.chunk % chunks;
          const own = under(node);
          if (own.length === 0) continue;
          if (change.isLease) {
            ledger.lease(node, worker, 0);
            leased.push(own);
          } else {
            ledger.accept(node, chunk);
            if (own.every((shard) => !has[chunk]!.has(shard)))
              for (const shard of own) has[chunk]!.add(shard);
          }
        }
        const isOrphan = (shard: number, chunk: number) =>
          !has[chunk]!.has(shard) &&
          !leased.some((own) => own.includes(shard) && own.every((other) => !has[chunk]!.has(other)));
        const [from, to] = [a % (chunks + 1), b % (chunks + 1)].sort((x, y) => x - y) as [number, number];
        const range = Array.from({ length: to - from }, (_, i) => from + i);
        const found = orphans(ledger, from, to);
        const expected = under(ROOT).filter((shard) => range.some((chunk) => isOrphan(shard, chunk)));
        for (let node = 1; node < 2 * shards; node++) {
          const isFree = has.some((of) => under(node).every((shard) => !of.has(shard)));
          expect(canDeliver(ledger, node)).toBe(under(node).length > 0 && isFree);
        }
        // Each shard once.
        expect(found.flatMap(under).sort((x, y) => x - y)).toEqual(expected);
        for (const node of found)
          for (const chunk of range)
            expect(new Set(under(node).map((shard) => isOrphan(shard, chunk))).size).toBe(1);
      }),
      { numRuns: 500 },
    );
  });

  it('do not count shards without samples', () => {
    const ledger = ledgerOf(4, 1, 1);
    const [only] = [4, 5, 6, 7].filter((node) => ledger.samples(node) > 0);
    expect(orphans(ledger)).toHaveLength(1);
    ledger.accept(only!, 0);
    expect(orphans(ledger)).toEqual([]);
  });
});

interface Sender extends Pick<Lease, 'node' | 'worker'> {
  lease: Lease;
  nextChunk: number;
}

const events = fc.array(
  fc.record({
    kind: fc.constantFrom('copy', 'copy', 'die', 'send', 'send', 'send'),
    who: fc.nat(),
    node: fc.nat(),
  }),
  { maxLength: 200 },
);

describe('leases that overlap at random, whose holders die at random', () => {
  it('leave no shard of any chunk undeliverable, and count each exactly once', () => {
    const shapes = fc.record({
      shards: fc.constantFrom(1, 2, 4, 8, 16),
      chunks: fc.integer({ min: 1, max: 4 }),
      samples: fc.integer({ min: 1, max: 40 }),
    });
    fc.assert(
      fc.property(shapes, events, ({ shards, chunks, samples }, script) => {
        const ledger = ledgerOf(shards, chunks, samples);
        const senders: Sender[] = [];
        const counted = Array.from({ length: chunks }, () => new Uint8Array(shards));
        let nextWorker = 1;
        const lease = (node: Node) => {
          const worker = nextWorker++;
          const lease = ledger.lease(node, worker, 0);
          senders.push({ node, worker, lease, nextChunk: lease.fromChunk });
        };
        const adopt = (from = 0, to = chunks, under?: Node[]) => {
          for (const node of orphans(ledger, from, to, under)) lease(node);
        };
        const takeBack = (at: number) => {
          const [{ worker, node }] = senders.splice(at, 1) as [Sender];
          ledger.end(worker, node);
        };
        const send = (at: number) => {
          const sender = senders[at]!;
          const { node, nextChunk: chunk, worker } = sender;
          if (ledger.accept(node, chunk) === 'counted') {
            for (let shard = ledger.range(node)[0]; shard < ledger.range(node)[1]; shard++)
              counted[chunk]![shard]!++;
            // As the dispatch does: only this chunk can have lost a deliverer, and only under leases that overlap.
            if (ledger.overlapsOpen(sender.lease)) {
              const over = ledger.leasesOver(node);
              const under = Math.min(...over.map((other) => other.node));
              for (const { worker: holder } of over) {
                const other = senders.findIndex((entry) => entry.worker === holder);
                if (holder !== worker && !canDeliver(ledger, senders[other]!.node)) takeBack(other);
              }
              adopt(chunk, chunk + 1, [under]);
            }
          }
          sender.nextChunk++;
          if (sender.nextChunk === chunks) takeBack(senders.findIndex((entry) => entry.worker === worker));
        };
        /** What must always hold: whatever is missing comes from somebody who has not sent it yet. */
        const check = () => {
          expect(orphans(ledger)).toEqual([]);
          expect(ledger.isLeased).toBe(true);
          for (let chunk = 0; chunk < chunks; chunk++) {
            for (let shard = 0; shard < shards; shard++) {
              if (ledger.isEmpty(shard) || ledger.hasShard(shard, chunk)) continue;
              const isComing = senders.some(({ node, nextChunk }) => {
                const [from, to] = ledger.range(node);
                return from <= shard && shard < to && nextChunk <= chunk && ledger.isFree(node, chunk);
              });
              expect(isComing).toBe(true);
            }
          }
        };
        adopt();
        check();
        for (const { kind, who, node } of script) {
          if (ledger.isComplete()) break;
          if (kind === 'copy') {
            const copy = 1 + (node % (2 * shards - 1));
            if (ledger.samples(copy) > 0 && canDeliver(ledger, copy)) lease(copy);
          } else if (kind === 'die' && senders.length > 0) {
            const { node: lost } = senders[who % senders.length]!;
            takeBack(who % senders.length);
            adopt(0, chunks, [lost]);
          } else if (kind === 'send' && senders.length > 0) send(who % senders.length);
          check();
        }
        for (let turn = 0; !ledger.isComplete(); turn++) {
          expect(turn, 'turns of a step that never ends').toBeLessThan(10_000);
          expect(senders.length).toBeGreaterThan(0);
          send(turn % senders.length);
          check();
        }
        for (const chunk of counted) {
          for (const [shard, times] of chunk.entries()) if (!ledger.isEmpty(shard)) expect(times).toBe(1);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
