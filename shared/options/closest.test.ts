import { describe, expect, it } from 'vitest';
import { COORDINATOR_OPTIONS } from '../../coordinator/options/options.js';
import { modelsInstead } from '../../coordinator/prepare/zoo/zoo.js';
import { ENGINE_NAMES } from '../engines/engines.js';
import { closest } from './closest.js';

describe('a mistyped word', () => {
  it.each([
    ['compile/wasm', 'compiled/wasm'],
    ['eager/wsam', 'eager/wasm'],
    ['Eager/CPU', 'eager/cpu'],
    ['quantum', undefined],
    ['', undefined],
  ])('%j is %s', (word, meant) => {
    expect(closest(word, ENGINE_NAMES)).toBe(meant);
  });

  it('of a model is told with what there is', () => {
    expect(modelsInstead('cnnn:3')).toBe(`${modelsInstead('transformer')}; did you mean cnn?`);
    expect(modelsInstead('transformer')).toMatch(/^give mlp, cnn, .* or a FILE\.json$/);
  });
});

describe('the engine class that a run demands', () => {
  const { kind } = COORDINATOR_OPTIONS.engineClass;
  it.each(['any', 'auto', 'compiled/wasm', 'compiled/cpu@1.2.3+x64+nchwc8+t1', 'eager/webgl@4.22.0+a'])(
    'may be %s',
    (name) => {
      expect(kind.read(name)).toBe(name);
    },
  );

  it.each(['', 'wasm', 'compile/wasm', 'compiled', 'compiledwasm@1', 3])('is not %s', (name) => {
    expect(kind.read(name)).toBeUndefined();
  });
});
