/**
 * Set up for tests that start coordinators in their own process: a model by name takes TF.js two seconds to build, so
 * that each is built once, for all files and runs of tests, and kept beside what else is built. What TF.js builds has
 * tests of its own, and every coordinator of `test/cluster` builds its model itself.
 */
import { vi } from 'vitest';

vi.mock(import('../../../coordinator/prepare/model/build-model.js'), async (original) => {
  const actual = await original();
  const { builtOnce } = await import('./built-models.js');
  return { ...actual, buildModel: (request) => builtOnce(request, actual.buildModel) };
});
