import { describe, expect, it } from 'vitest';
import type { ScheduleName } from '../../update/schedules.js';
import { createSchedule } from '../../update/schedules.js';
import { type Origins, type Resumption, resumedOrigins } from './origins.js';

const now = { train: 'a', test: 'b', version: '1', steps: 100 };
const earlier = (changes: Partial<Origins> = {}): Origins => ({ ...now, deviations: [], ...changes });
const resumption = (name: ScheduleName, changes: Partial<Resumption> = {}): Resumption => ({
  dir: 'runs/one',
  manifests: { train: 'whole a', test: 'whole b' },
  data: 'csv:a.csv',
  model: 'model.json',
  from: undefined,
  isFromGiven: false,
  step: 50,
  schedule: name,
  rate: (totalSteps, step) =>
    createSchedule({ name, learningRate: 0.1, totalSteps, warmupSteps: 0, stepsPerEpoch: 10 })(step),
  isRateGiven: false,
  ...changes,
});

describe('what a run is made of', () => {
  it('is the same as long as nothing has changed', () => {
    expect(resumedOrigins(earlier(), now, resumption('cosine'))).toEqual({
      origins: { ...now, modelFile: undefined, deviations: [] },
      warnings: [],
    });
  });

  it('is not known of a checkpoint that does not tell it, and that stays so', () => {
    const { origins, warnings } = resumedOrigins(undefined, now, resumption('cosine'));
    expect(warnings).toHaveLength(1);
    expect(resumedOrigins(origins, now, resumption('cosine')).origins.deviations).toEqual([
      'its checkpoint does not tell on what data it was trained: whether it is the same is not known',
    ]);
  });

  it('is known by the hash of its whole manifests in checkpoints of older versions, and by its contents from then on', () => {
    const before = earlier({ train: 'whole a', test: 'whole b' });
    expect(resumedOrigins(before, now, resumption('cosine'))).toMatchObject({ origins: now, warnings: [] });
  });

  it('may not be other data, of training or test', () => {
    for (const [part, name] of [
      ['train', 'training'],
      ['test', 'test'],
    ] as const)
      expect(() => resumedOrigins(earlier({ [part]: 'c' }), now, resumption('cosine'))).toThrow(
        `the ${name} set has changed since the run began: its SHA-256 was c, and is ${now[part]};`,
      );
  });

  it('keeps the model that it has when the file of the model changes, and says so at each start', () => {
    const changed = { ...now, modelFile: 'new' };
    const first = resumedOrigins(earlier({ modelFile: 'old' }), changed, resumption('cosine'));
    expect(first.warnings).toEqual([
      expect.stringMatching(/^model.json has changed .* the run continues with the model/),
    ]);
    expect(resumedOrigins(first.origins, changed, resumption('cosine')).warnings).toHaveLength(1);
    // A file that is gone is not needed.
    expect(resumedOrigins(earlier({ modelFile: 'old' }), now, resumption('cosine'))).toMatchObject({
      origins: { modelFile: 'old' },
      warnings: [],
    });
  });

  it('refuses a file of first weights that is given again and has changed, and else says so', () => {
    const began = earlier({ modelFile: 'm', fromFile: 'old' });
    const changed = { ...now, modelFile: 'm', fromFile: 'new' };
    const given = { from: 'w.safetensors', isFromGiven: true };
    expect(() => resumedOrigins(began, changed, resumption('cosine', given))).toThrow(
      '--from w.safetensors: the file has changed since the run began: its SHA-256 was old, and is new; leave --from out',
    );
    const alone = earlier({ modelFile: 'old' });
    expect(() =>
      resumedOrigins(
        alone,
        { ...now, modelFile: 'new' },
        resumption('cosine', { ...given, from: undefined }),
      ),
    ).toThrow('--from model.json: the file has changed since the run began: its SHA-256 was old, and is new');
    const told = resumedOrigins(began, changed, resumption('cosine', { ...given, isFromGiven: false }));
    expect(told.warnings).toEqual([
      expect.stringMatching(/^w.safetensors has changed .* the run continues with the weights that it has/),
    ]);
    expect(told.origins.fromFile).toBe('old');
    const same = resumedOrigins(began, { ...changed, fromFile: 'old' }, resumption('cosine', given));
    expect(same).toMatchObject({ origins: { fromFile: 'old' }, warnings: [] });
  });

  it('tells of another version of this program, which may compute otherwise', () => {
    const { origins } = resumedOrigins(earlier({ version: '0' }), now, resumption('cosine'));
    expect(origins.deviations).toEqual(['version 0 until step 50, then 1']);
  });

  it.each<[ScheduleName, boolean]>([
    ['constant', false],
    ['exponential', false],
    ['step', true],
    ['cosine', true],
    ['linear', true],
    ['one-cycle', true],
  ])('under the schedule %s tells of other lengths of the run: %s', (name, isTold) => {
    const { origins, warnings } = resumedOrigins(earlier({ steps: 60 }), now, resumption(name));
    expect(warnings).toHaveLength(isTold ? 1 : 0);
    expect(origins.deviations).toHaveLength(isTold ? 1 : 0);
    const given = resumedOrigins(earlier({ steps: 60 }), now, resumption(name, { isRateGiven: true }));
    expect(given.warnings).toEqual([]);
    expect(given.origins.deviations).toHaveLength(isTold ? 1 : 0);
  });

  it('says how far the learning rate jumps', () => {
    const { warnings } = resumedOrigins(earlier({ steps: 50 }), now, resumption('cosine'));
    expect(warnings[0]).toContain('it goes from 0.0000987 to 0.05 after step 50');
  });
});
