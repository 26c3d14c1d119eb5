/** What the coordinator's own engine is asked for: to recompute, or for another opinion. */
import { describe, expect, it } from 'vitest';
import { type OneStepOptions, oneStep, type TestWorker } from '../../../test/support/simulation/one-step.js';
import type { Recomputed } from '../../trust/own-engine.js';

const UNIVERSAL = 'compiled/wasm@1';
const CPU = 'eager/cpu@1';
const GPU = 'eager/webgl@1';
const anna = { name: 'anna' };
const vera: TestWorker = { name: 'vera', role: 'volunteer' };
/** Node 2 for the first worker, node 3 for the second. */
const HALVES = [2, 3].map((node, at) => ({ node, worker: at + 1 }));

/** All of the volunteers' work is audited. */
const all = (options: Partial<OneStepOptions> & Pick<OneStepOptions, 'workers'>) =>
  oneStep({ trust: { auditRate: 1 }, batch: { assignments: HALVES }, ...options });

/** What the coordinator's own engine answers. */
const recomputed = (
  node: number,
  value = 1,
  change: { engineClass?: string; loss?: number } = {},
): Recomputed => {
  const { engineClass = CPU, loss = 8 } = change;
  const sums = { samples: 8, loss, metric: 0, computeMs: 5, waitMs: 0 };
  return {
    engineClass,
    contribution: { type: 'contribution', step: 0, node, ...sums },
    chunks: [new Uint8Array(Float32Array.of(value).buffer)],
  };
};

describe('the coordinator’s own engine', () => {
  it('recomputes where nobody trusted is left, the universal class by its bits', () => {
    for (const [engineClass, engine] of [
      [UNIVERSAL, 'universal'],
      [CPU, 'usual'],
    ] as const) {
      const { begin, contribute, of, hear, own } = all({
        workers: [
          { ...vera, engineClass },
          { ...vera, name: 'willy', engineClass },
        ],
        own: true,
      });
      begin();
      expect(contribute('vera', 2)).toEqual(['audit 0: node 2']);
      expect(of('audit')[0]).toMatchObject({
        engine,
        isOpinion: false,
        lease: { node: 2, bounds: [0, 4, 8] },
      });
      const again = { audit: 0, recomputed: recomputed(2, 1, { engineClass }) };
      expect(hear({ type: 'audited', ...again })).toEqual([
        'add node 2, chunk 0',
        'record vera: shards 0 to 2',
        'credit vera (1): 8 samples',
      ]);
      expect(own.engineClass).toBe(engineClass);
      expect(own.recent).toMatchObject([{ samples: 8, computeMs: 5, turnaroundMs: 5 }]);
      // A second answer to one question is none.
      expect(hear({ type: 'audited', ...again })).toEqual([]);
      expect(contribute('willy', 3)).toEqual(['audit 1: node 3']);
      expect(hear({ type: 'audited', audit: 1, recomputed: recomputed(3, 1, { engineClass }) }).at(-1)).toBe(
        'done',
      );
    }
  });

  it('that could not, or answers when the node is counted, changes nothing', () => {
    const { begin, contribute, hear } = all({
      workers: [vera, { ...vera, name: 'willy' }, anna],
      batch: { assignments: [...HALVES, { node: 2, worker: 3 }] },
      own: true,
    });
    begin();
    expect(contribute('vera', 2)).toEqual(['audit 0: node 2']);
    expect(hear({ type: 'audited', audit: 0, recomputed: undefined })).toEqual([]);
    expect(hear({ type: 'audited', audit: 7, recomputed: recomputed(2) })).toEqual([]);
    const late = all({
      workers: [vera, { ...vera, name: 'willy' }, anna],
      batch: { assignments: [...HALVES, { node: 2, worker: 3 }] },
      own: true,
    });
    late.begin();
    late.contribute('vera', 2);
    late.contribute('anna', 2);
    expect(late.hear({ type: 'audited', audit: 0, recomputed: recomputed(2) })).toEqual([]);
    expect(late.trust.reputation.counts.made).toBe(0);
  });
});

describe('an audit across classes that finds a contribution far off', () => {
  /** Vera's GPU says 3 where Anna's processor says 1; she has passed before. */
  function doubt(value = 3) {
    const made = all({
      workers: [{ ...vera, engineClass: GPU }, anna],
      own: true,
    });
    made.begin();
    made.contribute('vera', 2, value);
    const lines = made.contribute('anna', 2, 1);
    return { ...made, lines };
  }

  it('asks another engine, credits the volunteer meanwhile, and goes on', () => {
    const { lines, of } = doubt();
    expect(lines).toEqual([
      'audit 0: node 2, an opinion',
      'count 2 shards rejected',
      'add node 2, chunk 0',
      'record vera: shards 0 to 2',
      'credit vera (1): 8 samples',
    ]);
    expect(of('audit')[0]).toMatchObject({ engine: 'universal', isOpinion: true });
  });

  it('so far that it is doubtful, and no further, has the same consequences, but for the ban', () => {
    const { lines, hear, trust } = doubt(1.3);
    expect(lines.slice(0, 2)).toEqual(['audit 0: node 2, an opinion', 'count 2 shards rejected']);
    expect(hear({ type: 'audited', audit: 0, recomputed: undefined })).toEqual([]);
    expect(trust.reputation.counts).toMatchObject({ made: 1, doubtful: 1, passed: 0, failed: 0 });
  });

  it('holds the kinder finding against it: the third engine’s, if it is of another class', () => {
    const { hear, trust } = doubt();
    hear({ type: 'audited', audit: 0, recomputed: recomputed(2, 3, { engineClass: UNIVERSAL }) });
    expect(trust.reputation.counts).toMatchObject({ made: 1, passed: 1, failed: 0 });
  });

  it.each([
    ['none could be had', undefined],
    ['it is of the same class', recomputed(2, 3, { engineClass: CPU })],
    ['it is no kinder', recomputed(2, 0.5, { engineClass: UNIVERSAL })],
  ])('holds the first finding against it where %s', (_, third) => {
    const { hear, trust } = doubt();
    expect(hear({ type: 'audited', audit: 0, recomputed: third })).toContainEqual(
      expect.stringMatching(/^ban vera: its node 2, recomputed by anna: off by 2.0e\+2 % in weights/),
    );
    expect(trust.reputation.counts).toMatchObject({ made: 1, passed: 0, failed: 1 });
  });

  it('bans after the end of the step as well', () => {
    const { hear, contribute } = doubt();
    expect(contribute('anna', 3).at(-1)).toBe('done');
    hear({ type: 'ended' });
    expect(hear({ type: 'audited', audit: 0, recomputed: undefined })).toEqual([
      expect.stringMatching(/^ban vera: its node 2/),
    ]);
  });

  it('audits all of it from now on', () => {
    const { trust } = doubt();
    expect(trust.reputation.streak('vera')).toBe(0);
  });

  it('asks for the usual engine where the universal one has recomputed', () => {
    const made = all({
      workers: [
        { ...vera, engineClass: GPU },
        { ...anna, engineClass: UNIVERSAL },
      ],
      own: true,
    });
    made.begin();
    made.contribute('vera', 2, 3);
    expect(made.contribute('anna', 2, 1)).toContain('audit 0: node 2, an opinion');
    expect(made.of('audit')[0]!.engine).toBe('usual');
  });

  it('is conclusive where the coordinator has no engine', () => {
    const made = all({ workers: [{ ...vera, engineClass: GPU }, anna] });
    made.begin();
    made.contribute('vera', 2, 3);
    expect(made.contribute('anna', 2, 1)).toContainEqual(expect.stringMatching(/^ban vera/));
  });

  it('does not matter any more where its worker was banned meanwhile: the auditor is credited', () => {
    const made = all({ workers: [{ ...vera, engineClass: GPU }, anna] });
    made.begin();
    made.contribute('vera', 2, 3);
    made.trust.ban({ identity: 'vera', name: 'vera', step: 1, why: 'another node' });
    expect(made.contribute('anna', 2, 1)).toEqual([
      'add node 2, chunk 0',
      'record anna: shards 0 to 2',
      'credit anna (2): 8 samples',
    ]);
    expect(made.trust.reputation.counts.made).toBe(0);
  });
});
