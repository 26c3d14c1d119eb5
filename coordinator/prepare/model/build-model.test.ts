import { expect, it } from 'vitest';
import { build, requestOf } from '../../../test/support/models/building.js';
import { buildHere } from './build-model.js';

it('models that are asked for at the same time are those of asking one after the other', async () => {
  const models = ['mlp:5', 'mlp:6,7', 'linear'];
  const together = await Promise.all(models.map((model) => buildHere(requestOf(model))));
  for (const [i, model] of models.entries()) {
    const { description, weights } = await build(model);
    expect(together[i]).toMatchObject({ description, weights });
  }
});
