/**
 * The worker that owns the socket and the cache: its timers run on while the tab is hidden, which those of
 * the page do not. It takes the page's commands and reports one plain state; the engine has a worker of its own.
 */
import type { TabCommand } from '../contribution-state.js';
import { scope } from '../worker-scope.js';
import { TabControl } from './tab-control.js';

let control: TabControl | undefined;

scope.addEventListener('message', ({ data }) => {
  const command = data as TabCommand;
  if (command.type === 'start') {
    control ??= new TabControl(command, {
      report: (report) => scope.postMessage(report),
      spawn: () => new Worker(new URL('../compute/compute-worker.ts', import.meta.url), { type: 'module' }),
    });
  } else control?.command(command);
});
