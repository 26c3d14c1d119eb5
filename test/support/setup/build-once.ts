/**
 * Set up for tests that start coordinators in their own process: models are built there too, so that TF.js is loaded
 * once for all of them, and not in a thread for each; and one by name is built once, for all files and runs of tests.
 * Every coordinator that is a process of its own builds its model in a thread, as does `build-model.test.ts`.
 */
import { vi } from 'vitest';

vi.mock(import('../../../coordinator/prepare/model/build-model.js'), async (original) => {
  const [actual, { builtOnce }] = await Promise.all([original(), import('./built-models.js')]);
  return { ...actual, buildModel: (request) => builtOnce(request, actual.buildHere) };
});
