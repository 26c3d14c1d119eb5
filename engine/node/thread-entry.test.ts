import { expect, it } from 'vitest';
import { threadEntry } from './thread-entry.js';

it.each([
  ['/checkout/coordinator/model/build-model.ts', '/checkout/dist/coordinator/model/main.js'],
  ['/home/worker/coordinator/model/build-model.ts', '/home/worker/dist/coordinator/model/main.js'],
  ['/home/shared/run/worker/node/engine-thread.ts', '/home/shared/run/dist/worker/node/main.js'],
  ['/checkout/dist/worker/node/engine-thread.js', '/checkout/dist/worker/node/main.js'],
])('a thread of %s is %s', (caller, entry) => {
  expect(threadEntry(`file://${caller}`, './main.js').pathname).toBe(entry);
});
