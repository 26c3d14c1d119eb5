/** Topologies that come from elsewhere: they may ask for any memory, and get what they tell of. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadBlank } from './load.js';

beforeAll(() => tf.setBackend('cpu'));

const sequential = (...layers: object[]) => ({ class_name: 'Sequential', config: { name: 'm', layers } });
const dense = (units: number) => ({
  class_name: 'Dense',
  config: { name: 'dense', batch_input_shape: [null, 3], units },
});

describe('a topology', () => {
  it('is built with the weights that it tells of', async () => {
    const model = await loadBlank(tf, sequential(dense(4)), 16);
    expect(model.countParams()).toBe(16);
  });

  it.each([
    ['in a layer', sequential(dense(1e9))],
    [
      'in a cell',
      sequential({ class_name: 'LSTM', config: { batch_input_shape: [null, 2, 3], units: 1e6 } }),
    ],
    ['in a model inside', sequential(sequential(dense(5)))],
  ])('is not built where it has more weights than it tells of, %s', async (_, topology) => {
    await expect(loadBlank(tf, topology, 16)).rejects.toThrow(/more weights than the 16/);
    // Others that are built afterwards are not counted with it.
    expect((await loadBlank(tf, sequential(dense(4)), 16)).countParams()).toBe(16);
  });

  it('may have a model inside, whose place differs from where it was made', async () => {
    const inner = sequential({ ...dense(4), config: { ...dense(4).config, batch_input_shape: [2, 3] } });
    const before = {
      class_name: 'Dense',
      config: { name: 'before', batch_input_shape: [null, 3], units: 3 },
    };
    expect((await loadBlank(tf, sequential(before, inner), 28)).countParams()).toBe(28);
  });

  it('is refused where one sample would fill the memory', async () => {
    const repeated = sequential(dense(4), {
      class_name: 'RepeatVector',
      config: { name: 'again', n: 2 ** 28 },
    });
    await expect(loadBlank(tf, repeated, 16)).rejects.toThrow(
      /layer again has an output of \[,268435456,4\]/,
    );
  });
});
