import { describe, expect, it } from 'vitest';
import { layoutOf } from '../../shared/numerics/layout.js';
import { MAX_SHARDS } from '../../shared/numerics/tree.js';
import { createKernels } from '../../shared/numerics/update/kernels/create.js';
import { createOptimizer } from '../../shared/numerics/update/optimizers/optimizers.js';
import { capacityFor, WAITING_FLOATS, WINDOW_CHUNKS, windowFor } from './capacity.js';

const modelOf = (parameters: number) => layoutOf([{ name: 'w', shape: [parameters], trainable: true }]);
const RULE = { optimizer: createOptimizer({ name: 'adam' }), clipNorm: 0, clipValue: 0, averageDecay: 0.99 };

describe('the memory of a step of many shards', () => {
  it.each([
    [1024, 1e6],
    [1024, 25e6],
    [MAX_SHARDS, 25e6],
  ])("is WebAssembly's: %i shards of %d parameters", (shards, parameters) => {
    const layout = modelOf(parameters);
    const capacityFloats = capacityFor(layout, RULE, shards);
    // Weights and their average in two versions, and two vectors of the optimizer; the budget; what
    // is on its way, of which 64 MiB may be half here.
    expect(capacityFloats).toBeLessThan(6.1 * layout.total + WAITING_FLOATS + 200 * layout.chunkElements);
    expect(createKernels({ capacityFloats }).kind).toBe('wasm');
  });

  it('lets workers be ahead by as many chunks as have room to wait, and by one at least', () => {
    const layout = modelOf(25e6);
    expect(windowFor(layout, 8, 4)).toBe(WINDOW_CHUNKS);
    expect(windowFor(layout, 1024, 64)).toBe(WINDOW_CHUNKS);
    expect(windowFor(layout, 1024, 128)).toBe(4);
    expect(windowFor(layout, 1024, 2000)).toBe(1);
    expect(windowFor(layout, MAX_SHARDS, 20_000)).toBe(1);
    expect(windowFor(modelOf(1000), 1024, 2000)).toBe(WINDOW_CHUNKS);
    expect(windowFor(modelOf(0), 1, 0)).toBe(WINDOW_CHUNKS);
  });
});
