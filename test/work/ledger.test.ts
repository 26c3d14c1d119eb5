import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundsOf, positionsOf, stepsPerEpoch } from '../../coordinator/schedule.js';
import { StepLedger } from '../../coordinator/work/ledger.js';
import { type PlannedWorker, plan } from '../../coordinator/work/planner.js';
import { firstShard, leafCount, type Node, ROOT, shardBounds } from '../../shared/tree.js';

describe('the ledger of a step', () => {
  it('counts a chunk of a node once and calls the second one a duplicate', () => {
    const ledger = new StepLedger(0, shardBounds(64, 4), 2);
    expect(ledger.accept(2, 0)).toBe('counted');
    expect(ledger.accept(2, 0)).toBe('duplicate');
    expect(ledger.accept(4, 0)).toBe('duplicate');
    expect(ledger.accept(2, 1)).toBe('counted');
  });

  it('refuses a node of which some shards are counted and others not', () => {
    const ledger = new StepLedger(0, shardBounds(64, 4), 1);
    expect(ledger.accept(4, 0)).toBe('counted');
    expect(ledger.accept(ROOT, 0)).toBe('overlap');
    expect(ledger.isComplete()).toBe(false);
  });

  it('asks the next holder of a lost node only for the chunks that are missing', () => {
    const ledger = new StepLedger(0, shardBounds(64, 4), 3);
    ledger.lease(2, 7, 0);
    ledger.accept(2, 0);
    expect(ledger.release(7)).toEqual([2]);
    expect(ledger.lease(4, 8, 0).fromChunk).toBe(1);
    expect(ledger.lease(5, 9, 0).fromChunk).toBe(1);
  });

  it('does not lease again what another worker still holds, or what is complete', () => {
    const ledger = new StepLedger(0, shardBounds(64, 4), 1);
    ledger.lease(2, 1, 0);
    ledger.lease(2, 2, 0);
    ledger.lease(3, 1, 0);
    ledger.accept(3, 0);
    expect(ledger.release(1)).toEqual([]);
    expect(ledger.release(2)).toEqual([2]);
  });

  it('needs nothing for a shard without samples', () => {
    const ledger = new StepLedger(0, shardBounds(1, 4), 1);
    const [only] = [4, 5, 6, 7].filter((node) => ledger.samples(node) > 0);
    expect(ledger.accept(only!, 0)).toBe('counted');
    expect(ledger.isComplete()).toBe(true);
  });
});

/** One event of a run on the pure ledger: a worker joins, dies, or sends its next chunk. */
const eventsOf = fc.array(
  fc.record({ kind: fc.constantFrom('join', 'die', 'send', 'send', 'send'), who: fc.nat() }),
  {
    maxLength: 400,
  },
);

describe('an epoch on the ledger, under random joins, deaths and delays', () => {
  it('trains each sample exactly once in every chunk of the gradient', () => {
    const shapes = fc.record({
      records: fc.integer({ min: 1, max: 300 }),
      batchSize: fc.integer({ min: 1, max: 100 }),
      shards: fc.constantFrom(1, 2, 4, 8, 16),
      chunks: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(shapes, eventsOf, ({ records, batchSize, shards, chunks }, events) => {
        const counts = Array.from({ length: chunks }, () => new Uint8Array(records));
        const script = [...events];
        let alive: number[] = [1];
        let nextId = 2;
        for (let step = 0; step < stepsPerEpoch({ records, batchSize }); step++) {
          const bounds = boundsOf(positionsOf(step, { records, batchSize }), shards);
          const ledger = new StepLedger(step, bounds, chunks);
          const sending: { node: Node; worker: number; chunk: number }[] = [];
          const unassigned: Node[] = [ROOT];
          const assign = () => {
            if (alive.length === 0) return;
            for (const node of unassigned.splice(0)) {
              const workers: PlannedWorker[] = alive.map((id) => ({ id, speed: (id % 5) + 1, busy: 0 }));
              for (const cut of plan(node, workers, { shards, bounds, uploadSeconds: 0 })) {
                sending.push({ ...cut, chunk: ledger.lease(cut.node, cut.worker, 0).fromChunk });
              }
            }
          };
          while (!ledger.isComplete()) {
            assign();
            const event = script.pop() ?? { kind: alive.length > 0 ? 'send' : 'join', who: 0 };
            if (event.kind === 'join') alive.push(nextId++);
            if (event.kind === 'die' && alive.length > 0) {
              const dead = alive[event.who % alive.length]!;
              alive = alive.filter((id) => id !== dead);
              for (let at = sending.length - 1; at >= 0; at--)
                if (sending[at]!.worker === dead) sending.splice(at, 1);
              unassigned.push(...ledger.release(dead));
            }
            if (event.kind === 'send' && sending.length > 0) {
              const at = event.who % sending.length;
              const sender = sending[at]!;
              if (ledger.accept(sender.node, sender.chunk) === 'counted') {
                const first = firstShard(shards, sender.node);
                const [from, to] = [bounds[first]!, bounds[first + leafCount(shards, sender.node)]!];
                for (let position = from; position < to; position++) counts[sender.chunk]![position]!++;
              }
              if (++sender.chunk === chunks) {
                ledger.end(sender.worker, sender.node);
                sending.splice(at, 1);
              }
            }
          }
        }
        for (const count of counts) expect(count.every((times) => times === 1)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
