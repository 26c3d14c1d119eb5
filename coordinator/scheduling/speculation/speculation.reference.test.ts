/** Speculation that judges few leases decides what it would decide if it judged all of them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leafCount } from '../../../shared/numerics/tree.js';
import { expectedAtLeastMs, expectedMs } from '../deadlines.js';
import { Worker } from '../worker.js';
import { plainSpeculate } from './fixtures/plain-speculation.js';
import { type IdleWorker, type OpenLease, speculate } from './speculation.js';

const SHARDS = 16;
const NOW = 100_000;

const time = fc.oneof(
  fc.integer({ min: 0, max: 3000 }),
  fc.double({ min: 0, max: 90_000, noNaN: true }),
  fc.constantFrom(0, 100, 100.1),
);
const past = fc.record({ samples: fc.integer({ min: 0, max: 64 }), computeMs: time, besideMs: time });
/** A worker with a history, more than is remembered of it at times. */
const pasts = fc.oneof(fc.array(past, { maxLength: 8 }), fc.array(past, { minLength: 30, maxLength: 45 }));
const history = pasts.map((all) => {
  const worker = new Worker({ id: 0, name: 'w', kind: 'node' }, 0);
  for (const { samples, computeMs, besideMs } of all)
    worker.measure({ samples, computeMs, turnaroundMs: computeMs + besideMs });
  return worker;
});
const since = fc.oneof(fc.integer({ min: NOW - 4000, max: NOW }), fc.integer({ min: 0, max: NOW }));
const lease = fc.record({
  node: fc.integer({ min: 1, max: 2 * SHARDS - 1 }),
  worker: history,
  ahead: fc.nat(40),
  begunAt: since,
  progressMs: fc.nat(2000),
  isOwn: fc.boolean(),
});
const idle = fc.record({
  speed: fc.option(fc.double({ min: 0.1, max: 500, noNaN: true }), { nil: undefined }),
  overheadMs: fc.option(fc.integer({ min: 1, max: 500 }), { nil: undefined }),
  since,
  isTrusted: fc.boolean(),
  isDoubtful: fc.boolean(),
});
const options = { samples: (node: number) => 16 * leafCount(SHARDS, node), shards: SHARDS };

describe('speculation over many leases', () => {
  it('decides what judging each lease by all of its history decides', () => {
    fc.assert(
      fc.property(
        fc.array(lease, { maxLength: 20 }),
        fc.array(idle, { maxLength: 12 }),
        history,
        (held, found, other) => {
          const leases = held.map(
            ({ node, worker, ahead, begunAt, progressMs, isOwn }, id): OpenLease => ({
              ...{ node, begunAt, isOwn, worker: id, name: `w${id}` },
              samples: options.samples(node) + ahead,
              since: Math.min(NOW, begunAt + progressMs),
              recent: worker.recent,
              least: worker.least,
            }),
          );
          const workers = found.map((one, at): IdleWorker => ({ ...one, id: 100 + at, name: `i${at}` }));
          const all = { ...options, all: other.recent };
          const decided = speculate(NOW, { leases, idle: workers }, all);
          expect(decided).toEqual(plainSpeculate(NOW, { leases, idle: workers }, all));
        },
      ),
    );
  });

  it('never takes a lease for safe before its deadline', () => {
    fc.assert(
      fc.property(history, fc.nat(100), ({ recent, least }, samples) => {
        const expected = expectedMs(samples, recent, []) ?? Number.POSITIVE_INFINITY;
        expect(expectedAtLeastMs(samples, recent, least)).toBeLessThanOrEqual(expected);
      }),
    );
  });

  it('knows the least of the times that are remembered, and not of those before', () => {
    const rising = fc.array(past, { minLength: 36, maxLength: 45 }).map((all) => {
      const worker = new Worker({ id: 0, name: 'w', kind: 'node' }, 0);
      for (const [at, { samples, computeMs, besideMs }] of all.entries()) {
        const longerMs = computeMs + 1e5 * at;
        worker.measure({ samples, computeMs: longerMs, turnaroundMs: longerMs + besideMs + at });
      }
      return worker;
    });
    fc.assert(
      fc.property(fc.oneof(history, rising), ({ recent, least }) => {
        const beside = recent.map(({ turnaroundMs, computeMs }) => turnaroundMs - computeMs);
        const samples = recent.map(({ samples, computeMs }) => computeMs / Math.max(samples, 1));
        expect([least.besideMs, least.sampleMs]).toEqual([Math.min(...beside), Math.min(...samples)]);
      }),
    );
  });
});
