import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  firstShard,
  isWithin,
  leafCount,
  type Node,
  ROOT,
  shardBounds,
} from '../../../shared/numerics/tree.js';
import { boundsOf, positionsOf, stepsPerEpoch } from '../../run/batches.js';
import { type PlannedWorker, plan } from '../planning/planner.js';
import { StepLedger } from './ledger.js';
import { canDeliver, orphans } from './orphans.js';

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
    ledger.end(7, 2);
    expect(ledger.lease(4, 8, 0).fromChunk).toBe(1);
    expect(ledger.lease(5, 9, 0).fromChunk).toBe(1);
  });

  it('needs nothing for a shard without samples', () => {
    const ledger = new StepLedger(0, shardBounds(1, 4), 1);
    const [only] = [4, 5, 6, 7].filter((node) => ledger.samples(node) > 0);
    expect(ledger.accept(only!, 0)).toBe('counted');
    expect(ledger.isComplete()).toBe(true);
  });
});

describe('a lease', () => {
  const ledger = () => new StepLedger(0, shardBounds(64, 4), 2);

  it('is found by its worker and its node, until it is ended', () => {
    const step = ledger();
    const [first, second] = [step.lease(2, 7, 100), step.lease(3, 7, 200)];
    const other = step.lease(2, 8, 300);
    expect(first).toMatchObject({ node: 2, worker: 7, since: 100, fromChunk: 0 });
    expect([step.leaseOf(7, 2), step.leaseOf(7, 3), step.leaseOf(8, 2)]).toEqual([first, second, other]);
    expect([step.leaseOf(8, 3), step.leaseOf(9, 2)]).toEqual([undefined, undefined]);
    expect(step.leasesOf(7)).toEqual([first, second]);
    expect([...step.openLeases()]).toEqual([first, second, other]);
    step.end(7, 2);
    expect(step.leasesOf(7)).toEqual([second]);
    expect(step.leaseOf(8, 2)).toEqual(other);
    expect([...step.openLeases()]).toEqual([second, other]);
  });

  it('that is over is remembered, and what was never leased is not', () => {
    const step = ledger();
    step.lease(2, 7, 0);
    step.end(8, 2);
    step.end(7, 3);
    expect([step.hasEnded(7, 2), step.hasEnded(8, 2), step.hasEnded(7, 3)]).toEqual([false, false, false]);
    expect(step.leaseOf(7, 2)).toBeDefined();
    step.end(7, 2);
    expect([step.hasEnded(7, 2), step.hasEnded(8, 2), step.hasEnded(7, 3)]).toEqual([true, false, false]);
  });

  it('is held by its worker until the last of it is ended', () => {
    const step = ledger();
    const first = step.lease(2, 7, 0);
    const second = step.lease(3, 7, 0, true);
    expect([first.isBuffered, second.isBuffered]).toEqual([false, true]);
    expect([step.holds(7), step.holds(8)]).toEqual([true, false]);
    step.end(7, 2);
    expect([step.isOpen(first), step.isOpen(second), step.holds(7)]).toEqual([false, true, true]);
    step.end(7, 3);
    expect([step.isOpen(second), step.holds(7)]).toEqual([false, false]);
    expect([step.hasEnded(7, 2), step.hasEnded(7, 3), step.hasEnded(7, 4)]).toEqual([true, true, false]);
    step.lease(2, 7, 0);
    expect(step.holds(7)).toBe(true);
  });

  it('overlaps with another while both are open, and one is under the other', () => {
    const step = ledger();
    const [left, right, child] = [step.lease(2, 7, 0), step.lease(3, 8, 0), step.lease(5, 9, 0)];
    const overlaps = () => [left, right, child].map((lease) => step.overlapsOpen(lease));
    expect(overlaps()).toEqual([true, false, true]);
    step.end(9, 3);
    expect(overlaps()).toEqual([true, false, true]);
    step.end(9, 5);
    expect(overlaps().slice(0, 2)).toEqual([false, false]);
  });

  it('of which all is counted asks for no chunk', () => {
    const step = ledger();
    for (const chunk of [0, 1]) step.accept(2, chunk);
    expect(step.firstMissingChunk(2)).toBe(2);
    expect(step.firstMissingChunk(ROOT)).toBe(0);
    expect(step.lease(4, 7, 0).fromChunk).toBe(2);
  });
});

describe('what the ledger tells', () => {
  it('is what a plain list of counted samples tells, whatever comes in whichever order', () => {
    const shapes = fc.record({
      samples: fc.integer({ min: 0, max: 20 }),
      shards: fc.constantFrom(1, 2, 4, 8),
      chunks: fc.integer({ min: 1, max: 3 }),
      root: fc.constantFrom(ROOT, ROOT, 2, 3, 5),
      arrivals: fc.array(fc.record({ at: fc.nat(), chunk: fc.nat() }), { maxLength: 40 }),
    });
    fc.assert(
      fc.property(shapes, ({ samples, shards, chunks, root: wanted, arrivals }) => {
        const bounds = shardBounds(samples, shards);
        const root = wanted < 2 * shards ? wanted : ROOT;
        const ledger = new StepLedger(3, bounds, chunks, root);
        const tree = Array.from({ length: 2 * shards + 3 }, (_, at) => at);
        const nodes = tree.filter((node) => node > 0 && node < 2 * shards && isWithin(node, root));
        expect(tree.slice(1).filter((node) => ledger.isNode(node))).toEqual(nodes);
        const samplesOf = (node: Node) => {
          const [first, count] = [firstShard(shards, node), leafCount(shards, node)];
          const [from, to] = [bounds[first]!, bounds[first + count]!];
          return Array.from({ length: to - from }, (_, i) => from + i);
        };
        // What lies beside the root is somebody else's.
        const beside = samplesOf(ROOT).filter((sample) => !samplesOf(root).includes(sample));
        const counted = Array.from({ length: chunks }, () => new Set(beside));
        for (const { at, chunk: drawn } of arrivals) {
          const [node, chunk] = [nodes[at % nodes.length]!, drawn % chunks];
          const own = samplesOf(node);
          const known = own.filter((sample) => counted[chunk]!.has(sample)).length;
          const verdict = known === 0 ? 'counted' : known === own.length ? 'duplicate' : 'overlap';
          expect(ledger.coverage(node, chunk)).toBe(verdict);
          expect(ledger.accept(node, chunk)).toBe(verdict);
          if (verdict === 'counted') for (const sample of own) counted[chunk]!.add(sample);
        }
        for (const node of nodes) {
          const own = samplesOf(node);
          expect(ledger.samples(node)).toBe(own.length);
          const has = counted.map((samplesOfChunk) => own.every((sample) => samplesOfChunk.has(sample)));
          expect(counted.map((_, chunk) => ledger.has(node, chunk))).toEqual(has);
          expect(ledger.firstMissingChunk(node)).toBe(has.includes(false) ? has.indexOf(false) : chunks);
          const free = counted.map((of) => own.length > 0 && !own.some((sample) => of.has(sample)));
          expect(counted.map((_, chunk) => ledger.isFree(node, chunk))).toEqual(free);
          expect(canDeliver(ledger, node)).toBe(free.includes(true));
        }
        for (let shard = 0; shard < shards; shard++) {
          const own = samplesOf(shards + shard);
          expect(ledger.isEmpty(shard)).toBe(own.length === 0);
          for (const [chunk, of] of counted.entries())
            expect(ledger.hasShard(shard, chunk)).toBe(own.every((sample) => of.has(sample)));
        }
        const complete = counted.map(({ size }) => size === samples);
        expect(counted.map((_, chunk) => ledger.isChunkComplete(chunk))).toEqual(complete);
        expect(ledger.isComplete()).toBe(!complete.includes(false));
      }),
      { numRuns: 200 },
    );
  });
});

/** A step that has not ended after so many events never will. */
const MOST_TURNS = 5_000;

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
          // As the dispatch does: whatever no open lease can deliver is leased at once.
          const assign = () => {
            if (alive.length === 0) return;
            for (const node of orphans(ledger)) {
              const workers: PlannedWorker[] = alive.map((id) => ({ id, speed: (id % 5) + 1, busy: 0 }));
              for (const cut of plan(node, workers, { shards, bounds, uploadSeconds: 0 })) {
                sending.push({ ...cut, chunk: ledger.lease(cut.node, cut.worker, 0).fromChunk });
              }
            }
          };
          for (let turn = 0; !ledger.isComplete(); turn++) {
            if (turn > MOST_TURNS) throw new Error(`step ${step} stands still`);
            assign();
            const event = script.pop() ?? { kind: alive.length > 0 ? 'send' : 'join', who: 0 };
            if (event.kind === 'join') alive.push(nextId++);
            if (event.kind === 'die' && alive.length > 0) {
              const dead = alive[event.who % alive.length]!;
              alive = alive.filter((id) => id !== dead);
              for (let at = sending.length - 1; at >= 0; at--)
                if (sending[at]!.worker === dead) sending.splice(at, 1);
              for (const { node } of ledger.leasesOf(dead)) ledger.end(dead, node);
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
