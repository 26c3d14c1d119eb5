/** Which engine classes are let in, and what is promised of the weights. */
import { describe, expect, it } from 'vitest';
import { wasmRuntime } from '../../engine/node/compiled.js';
import { universalClass } from '../../engine/node/universal-class.js';
import { reproducible } from '../record/reproducible.js';
import { demandOf, refusalOf } from './engine-demand.js';
import { Trust } from './trust.js';

const UNIVERSAL = 'compiled/wasm@1.2.3';
const refusal = (wanted: string, claimed: string, isAudited = true) =>
  refusalOf(demandOf(wanted, isAudited, UNIVERSAL), claimed);

describe('a volunteer that is audited', () => {
  it.each([
    'compiled/wasm@0',
    'compiled/wasm@1.2.3+',
    'eager/wasm@4.22.0+simd',
    'compiled/wasm',
    '',
    'anything',
  ])('is refused where it says its class is %j: its bits could not be checked', (claimed) => {
    for (const wanted of ['auto', 'compiled/wasm', UNIVERSAL]) {
      expect(refusal(wanted, claimed)).toContain(`demands engine class ${UNIVERSAL}`);
      expect(refusal(wanted, UNIVERSAL)).toBeUndefined();
    }
  });

  it('must have a whole class where a name says nothing of bits', () => {
    expect(refusal('compiled/cpu', 'compiled/cpu@1+x64')).toMatch(
      /must demand a whole class .* or compiled\/wasm/,
    );
    expect(refusal('compiled/cpu@1+x64', 'compiled/cpu@1+x64')).toBeUndefined();
    expect(refusal('compiled/cpu@1+x64', 'compiled/cpu@1+arm64')).toBeDefined();
  });

  it('must have the universal class in rounds, whatever else is said, and cannot take part where the run demands another', () => {
    const trust = new Trust({
      ...{ volunteers: 'none', auditRate: 0.1, universalClass: UNIVERSAL, comparesBits: true },
      tell: () => undefined,
    });
    for (const wanted of ['auto', 'any', 'compiled/wasm']) {
      expect(trust.engineClassFor('volunteer', wanted)).toBe(UNIVERSAL);
      expect(trust.engineRefusal('volunteer', wanted, UNIVERSAL)).toBeUndefined();
      expect(trust.engineRefusal('volunteer', wanted, 'compiled/cpu@1')).toContain(UNIVERSAL);
    }
    expect(trust.engineRefusal('volunteer', 'compiled/cpu', UNIVERSAL)).toMatch(/only trusted workers/);
    expect(trust.engineRefusal('worker', 'compiled/cpu', 'compiled/cpu@1')).toBeUndefined();
    expect(refusalOf(demandOf('auto', true, undefined, true), 'eager/cpu@1')).toContain('compiled/wasm');
  });

  it('may have any class where that is said, or the universal engine cannot compute the model', () => {
    expect(refusal('any', 'anything')).toBeUndefined();
    expect(refusalOf(demandOf('auto', true, undefined), 'anything')).toBeUndefined();
  });
});

describe('whoever is not audited', () => {
  it('may have any class by default, and a class of the name that is demanded', () => {
    expect(refusal('auto', 'compiled/cuda@1', false)).toBeUndefined();
    expect(refusal('compiled/cpu', 'compiled/cpu@1+x64', false)).toBeUndefined();
    expect(refusal('compiled/cpu', 'eager/cpu@1', false)).toBeDefined();
    expect(refusal('compiled/wasm', 'compiled/wasm@0', false)).toBeDefined();
  });

  it.each([
    ['volunteer', 0.05, UNIVERSAL],
    ['volunteer', 0, 'any'],
    ['worker', 0.05, 'any'],
  ] as const)('a %s at an audit rate of %d is welcomed with %s', (role, auditRate, engineClass) => {
    const trust = new Trust({
      volunteers: 'all',
      auditRate,
      universalClass: UNIVERSAL,
      tell: () => undefined,
    });
    expect(trust.engineClassFor(role, 'auto')).toBe(engineClass);
  });
});

it('the universal class that the coordinator demands is the one that workers of this version have', async () => {
  expect(universalClass()).toBe((await wasmRuntime()).engineClass);
});

describe('summary.json promises the same weights again', () => {
  const none = { unseen: 0, replaced: 0 };
  const promise = (engineClasses: readonly string[], audits = none) =>
    reproducible({
      shards: 4,
      robust: 'none',
      engineClasses: new Set(engineClasses),
      ...{ audits, changes: [], deviations: [] },
    });

  it('of one class, and says whether other machines are known to give its bits', () => {
    expect(promise([UNIVERSAL])).toEqual({
      holds: true,
      why: `4 shards a step, all computed by ${UNIVERSAL}`,
    });
    expect(promise(['compiled/cpu@1'])).toMatchObject({
      holds: true,
      why: expect.stringContaining('not known'),
    });
  });

  it.each([
    ['of two classes', [UNIVERSAL, 'eager/cpu@1'], none, /several engine classes/],
    ['unseen', [UNIVERSAL], { ...none, unseen: 3 }, /3 contributions of volunteers .*--audit-rate 1/],
    ['with replaced bits', ['compiled/cpu@1'], { ...none, replaced: 2 }, /2 audits gave other bits/],
    ['by graphics processors', ['compiled/cuda@1'], none, /graphics processors/],
  ] as const)('and not %s', (_, classes, audits, why) => {
    expect(promise(classes, audits)).toMatchObject({
      holds: false,
      why: expect.stringMatching(why),
    });
  });
});
