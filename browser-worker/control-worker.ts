/**
 * The worker that owns the socket and the cache: its timers run on while the tab is hidden, which those of
 * the page do not. It takes the page's wishes and reports one plain state; the engine has a worker of its own.
 */

import type { Wish } from './contribution-state.js';
import { TabControl } from './tab-control.js';
import { scope } from './worker-scope.js';

let control: TabControl | undefined;

scope.addEventListener('message', ({ data }) => {
  const wish = data as Wish;
  if (wish.type === 'start') {
    control ??= new TabControl(wish, {
      report: (report) => scope.postMessage(report),
      spawn: () => new Worker(new URL('./compute-worker.ts', import.meta.url), { type: 'module' }),
    });
  } else control?.wish(wish);
});
