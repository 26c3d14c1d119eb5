import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StepLedger } from '../../coordinator/work/ledger.js';
import { canDeliver, orphans } from '../../coordinator/work/orphans.js';
import { type Node, ROOT, shardBounds } from '../../shared/tree.js';

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

  it('do not count shards without samples', () => {
    const ledger = ledgerOf(4, 1, 1);
    const [only] = [4, 5, 6, 7].filter((node) => ledger.samples(node) > 0);
    expect(orphans(ledger)).toHaveLength(1);
    ledger.accept(only!, 0);
    expect(orphans(ledger)).toEqual([]);
  });
});

interface Sender {
  node: Node;
  worker: number;
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
          senders.push({ node, worker, nextChunk: ledger.lease(node, worker, 0).fromChunk });
        };
        const adopt = (from = 0, to = chunks) => {
          for (const node of orphans(ledger, from, to)) lease(node);
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
            for (let other = senders.length - 1; other >= 0; other--) {
              if (senders[other] !== sender && !canDeliver(ledger, senders[other]!.node)) takeBack(other);
            }
            // As the dispatch does: only this chunk can have lost a deliverer.
            adopt(chunk, chunk + 1);
          }
          sender.nextChunk++;
          if (sender.nextChunk === chunks) takeBack(senders.findIndex((entry) => entry.worker === worker));
        };
        /** What must always hold: whatever is missing comes from somebody who has not sent it yet. */
        const check = () => {
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
            takeBack(who % senders.length);
            adopt();
          } else if (kind === 'send' && senders.length > 0) send(who % senders.length);
          check();
        }
        for (let turn = 0; !ledger.isComplete(); turn++) {
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
