import { expect, it } from 'vitest';
import { levelOfWorkerEvent, toldByWorker, type WorkerHappening } from './worker-events.js';

it.each<[WorkerHappening, string]>([
  [{ type: 'connected', address: 'http://host:1' }, 'connected to http://host:1'],
  [
    {
      type: 'engine',
      engine: 'compiled/cpu',
      engineClass: 'compiled/cpu@1',
      reason: 'compiled/cpu, asked for',
    },
    'engine compiled/cpu, asked for',
  ],
  [
    {
      ...{ type: 'disconnected', address: 'http://host:1', code: 1006, reason: 'gone' },
      ...{ wasConnected: true, retryMs: 1540 },
    },
    'connection to http://host:1 lost (gone); trying again in 1.5 s',
  ],
  [
    {
      ...{ type: 'disconnected', address: 'http://host:1', code: 1006, reason: 'refused' },
      ...{ wasConnected: false, retryMs: 250 },
    },
    'no coordinator answers at http://host:1 (refused); trying again in 0.3 s',
  ],
  [{ type: 'warning', text: 'the cache is full' }, 'the cache is full'],
])('%o is told to people as %j', (happening, text) => {
  const event = toldByWorker(happening);
  expect(event).toEqual({ ...happening, text });
  expect(levelOfWorkerEvent(event)).toBe(happening.type === 'warning' ? 'warning' : 'info');
});
