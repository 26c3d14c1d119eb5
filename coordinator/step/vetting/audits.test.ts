/** What becomes of a volunteer's contribution whose node is computed again. */
import { describe, expect, it } from 'vitest';
import { type OneStepOptions, oneStep, type TestWorker } from '../../../test/support/simulation/one-step.js';

const UNIVERSAL = 'compiled/wasm@1';
const GPU = 'eager/webgl@1';
const [anna, ben] = [{ name: 'anna' }, { name: 'ben' }];
const vera: TestWorker = { name: 'vera', role: 'volunteer' };
/** Node 2 for the first worker, node 3 for the second. */
const HALVES = [2, 3].map((node, at) => ({ node, worker: at + 1 }));
/** A half for the first worker, a quarter for each of the others. */
const IN_THREE = [2, 6, 7].map((node, at) => ({ node, worker: at + 1 }));
const DONE = ['count 4 shards expected', 'count 4 shards counted', 'done'];

const FAST = { measured: { speed: 1000, overheadMs: 1 } };

/** All of the volunteers' work is audited. */
const all = (options: Partial<OneStepOptions> & Pick<OneStepOptions, 'workers'>) =>
  oneStep({ trust: { auditRate: 1 }, batch: { assignments: HALVES }, ...options });

describe('an audit', () => {
  it('gives the node to somebody trusted, whose result counts and is credited to the volunteer if they agree', () => {
    const { begin, contribute, announce, send, at, of, trust, worker } = all({
      workers: [vera, anna],
      chunks: 2,
    });
    begin();
    expect(contribute('vera', 2)).toEqual(['lease -> anna (2): node 2, from chunk 0, window 2']);
    expect(contribute('anna', 3)).toContain('credit anna (2): 8 samples');
    at(100);
    announce('anna', 2, { computeMs: 40 });
    expect(send('anna', 2, 0)).toEqual([]);
    expect(send('anna', 2, 1)).toEqual([
      'add node 2, chunk 0',
      'add node 2, chunk 1',
      'record vera: shards 0 to 2',
      'credit vera (1): 8 samples',
      ...DONE,
    ]);
    expect(trust.reputation.counts).toMatchObject({ made: 1, passed: 1, failed: 0, replaced: 0, unseen: 0 });
    // The auditor's time is known, though the work was not its own.
    expect(worker('anna').recent).toHaveLength(2);
    expect(worker('anna').recent[1]).toMatchObject({ samples: 8, computeMs: 40 });
    expect(worker('anna').state).toBe('idle');
    expect(of('count')).toHaveLength(2);
  });

  it('frees the volunteer at once', () => {
    const { begin, contribute, worker } = all({ workers: [vera, anna] });
    begin();
    expect(worker('vera').state).toBe('computing');
    contribute('vera', 2);
    expect(worker('vera').state).toBe('idle');
  });

  it('counts the recomputed numbers, and whoever computed them, if the bits of one class differ', () => {
    const workers = [
      { ...vera, engineClass: UNIVERSAL },
      { ...anna, engineClass: UNIVERSAL },
    ];
    const { begin, contribute, of, trust, worker } = all({ workers });
    begin();
    contribute('anna', 3);
    contribute('vera', 2, 1.5);
    const lines = contribute('anna', 2, 1);
    expect(lines).toEqual([
      'count 2 shards rejected',
      'add node 2, chunk 0',
      'record anna: shards 0 to 2',
      'credit anna (2): 8 samples',
      expect.stringMatching(/^ban vera: its node 2, recomputed by anna: 1 of 1 values have other bits/),
      ...DONE,
    ]);
    expect(new Float32Array(of('add').at(-1)!.body.slice().buffer)).toEqual(Float32Array.of(1));
    expect(trust.reputation.counts).toMatchObject({ made: 1, failed: 1, replaced: 0 });
    // Of both of its leases, once each.
    expect(worker('anna').recent).toHaveLength(2);
  });

  it('of another class passes within tolerance: the recomputed numbers count, the volunteer is credited', () => {
    const { begin, contribute, of, trust } = all({ workers: [{ ...vera, engineClass: GPU }, anna] });
    begin();
    contribute('vera', 2, 1 + 2 ** -16);
    contribute('anna', 3);
    expect(contribute('anna', 2, 1)).toContain('credit vera (1): 8 samples');
    expect(new Float32Array(of('add').at(-1)!.body.slice().buffer)).toEqual(Float32Array.of(1));
    expect(of('count').map(({ counter }) => counter)).not.toContain('rejected');
    expect(trust.reputation.counts).toMatchObject({ made: 1, passed: 1, replaced: 1 });
  });

  it('is one, however often the volunteer computes the node again meanwhile', () => {
    const workers = [vera, anna].map((one) => ({ ...one, ...FAST }));
    const { begin, contribute, at, tick, join, worker } = all({ workers });
    begin();
    expect(contribute('vera', 2)).toEqual(['lease -> anna (2): node 2, from chunk 0, window 1']);
    contribute('anna', 3);
    // Anna is slow with the second of her nodes, and Vera has nothing to do.
    at(60_000);
    expect(tick()).toContain('lease -> vera (1): node 2, from chunk 0, window 1');
    // Ben could, and need not.
    join(ben);
    expect(contribute('vera', 2)).toEqual([]);
    expect(worker('vera').state).toBe('idle');
    expect(contribute('anna', 2)).toContain('credit vera (1): 8 samples');
  });

  it('is one for each node and each volunteer', () => {
    const { begin, contribute, join } = all({
      workers: [vera, { ...vera, name: 'willy' }],
      batch: {
        assignments: [
          [2, 1],
          [3, 1],
          [2, 2],
        ].map(([node, worker]) => ({ node: node!, worker: worker! })),
      },
    });
    begin();
    join(anna);
    expect(contribute('vera', 2)).toEqual(['lease -> anna (3): node 2, from chunk 0, window 1']);
    expect(contribute('vera', 3)).toEqual(['lease -> anna (3): node 3, from chunk 0, window 1']);
    join(ben);
    expect(contribute('willy', 2)).toEqual(['lease -> ben (4): node 2, from chunk 0, window 1']);
  });

  it('goes to the least busy auditor', () => {
    const { begin, contribute } = all({
      workers: [vera, { ...anna, ...FAST }, { ...ben, ...FAST }],
      batch: {
        assignments: [
          [4, 1],
          [3, 2],
          [5, 3],
        ].map(([node, worker]) => ({ node: node!, worker: worker! })),
      },
    });
    begin();
    expect(contribute('vera', 4)).toEqual(['lease -> ben (3): node 4, from chunk 0, window 1']);
  });

  it('counts as here while it lasts, where others wait for the whole step', () => {
    const { begin, contribute, trust } = oneStep({
      workers: [vera, { ...vera, name: 'willy' }, { ...anna, ...FAST }],
      ...{ trust: { auditRate: 1e-9 }, batch: { assignments: HALVES } },
    });
    for (let i = 0; i < 100_000; i++) trust.reputation.passed('willy');
    begin();
    expect(contribute('vera', 2)).toEqual(['lease -> anna (3): node 2, from chunk 0, window 1']);
    expect(contribute('willy', 3)).toContain('credit willy (2): 8 samples');
  });

  it('is over once its numbers are accepted, though they still wait for the window', () => {
    const made = all({ workers: [vera, anna], chunks: 2, reach: 1 });
    made.begin();
    made.contribute('vera', 2);
    const lines = made.contribute('anna', 2);
    expect(lines).toEqual(['add node 2, chunk 0']);
    made.announce('anna', 3);
    expect(made.send('anna', 3, 0)).toEqual([
      'add node 3, chunk 0',
      'window -> anna (2): window 2',
      'add node 2, chunk 1',
      'record vera: shards 0 to 2',
      'credit vera (1): 8 samples',
    ]);
  });

  it('is not given to a worker that computes the node already', () => {
    const { begin, contribute } = all({
      workers: [vera, anna],
      batch: { assignments: [...HALVES, { node: 2, worker: 2 }] },
    });
    begin();
    expect(contribute('vera', 2)).toEqual([]);
    expect(contribute('anna', 2)).toContain('credit anna (2): 8 samples');
  });

  it('whose auditor is lost is given to another one, and its node to anybody where there is none', () => {
    const { begin, contribute, lose, join, hear } = all({
      workers: [vera, anna, ben],
      batch: { assignments: IN_THREE },
    });
    begin();
    expect(contribute('vera', 2)).toEqual(['lease -> anna (2): node 2, from chunk 0, window 1']);
    // Another loss is nothing to it.
    hear({ type: 'joined', worker: join({ name: 'dora' }) });
    expect(lose('dora')).toEqual([]);
    expect(lose('anna')).toContain('lease -> ben (3): node 2, from chunk 0, window 1');
    contribute('ben', 7);
    const lines = lose('ben');
    expect(lines.filter((line) => line.startsWith('lease')).join()).toContain('-> vera (1)');
    expect(lines.join()).not.toContain('ban');
  });

  it('comes to nothing if its node is counted from elsewhere', () => {
    const { begin, contribute, trust } = all({
      workers: [vera, anna, ben],
      batch: { assignments: [...HALVES, { node: 2, worker: 3 }] },
    });
    begin();
    contribute('vera', 2, 1.5);
    // Ben's copy of it counts first.
    expect(contribute('ben', 2)).toEqual([
      'add node 2, chunk 0',
      'cancel -> anna (2): node 2',
      'record ben: shards 0 to 2',
      'credit ben (3): 8 samples',
    ]);
    expect(contribute('anna', 3)).toContain('done');
    expect(trust.reputation.counts.made).toBe(0);
  });

  it('of what is not finite convicts the auditor, if the volunteer’s is', () => {
    const { begin, contribute } = all({ workers: [vera, anna, ben], batch: { assignments: IN_THREE } });
    begin();
    contribute('vera', 2);
    const lines = contribute('anna', 2, Number.NaN);
    expect(lines.slice(0, 2)).toEqual(['cancel -> anna (2): node 6', 'cancel -> anna (2): node 2']);
    expect(lines.join()).not.toMatch(/add|ban|refuse/);
    // Ben and Vera compute what Anna does not: one of them finds numbers.
    expect(contribute('ben', 7).join()).not.toContain('refuse');
  });

  it('that finds as many NaN as the volunteer sent says that the run has diverged', () => {
    for (const told of [{}, { loss: Number.NaN }]) {
      const { begin, contribute } = all({ workers: [vera, anna] });
      begin();
      contribute('vera', 2, Number.NaN);
      expect(contribute('anna', 2, told.loss === undefined ? Number.NaN : 1, told)).toContain(
        'diverged: NaN or infinity (node 2, computed by vera and again)',
      );
    }
  });
});
