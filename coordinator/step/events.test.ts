import { describe, expect, it } from 'vitest';
import { Worker } from '../scheduling/worker.js';
import { describeEffect, describeEvent, type StepEvent } from './events.js';

const worker = new Worker({ id: 1, name: 'anna', kind: 'node' }, 0);
const recomputed = {} as Extract<StepEvent, { type: 'audited' }>['recomputed'];
const evaluated = { part: 3 } as Extract<StepEvent, { type: 'evaluated' }>['message'];

describe('an event in a trace', () => {
  it.each<[StepEvent, string]>([
    [{ type: 'joined', worker }, 'joined: anna (1)'],
    [{ type: 'evaluated', worker, message: evaluated }, 'evaluated by anna (1): part 3'],
    [
      { type: 'dropped', worker, message: { type: 'dropped', step: 0, part: 3 } },
      'dropped by anna (1): part 3',
    ],
    [{ type: 'added', isFinite: false, front: 1, window: 2 }, 'added, not finite: front 1, window 2'],
    [{ type: 'audited', audit: 4, recomputed }, 'audited: 4'],
    [{ type: 'audited', audit: 4, recomputed: undefined }, 'audited: 4, no opinion'],
    [{ type: 'aborted', reason: 'Ctrl-C' }, 'aborted: Ctrl-C'],
    [{ type: 'tick' }, 'tick'],
  ])('is one line with what matters of it: %#', (event, line) => {
    expect(describeEvent(event)).toBe(line);
  });
});

describe('an effect in a trace', () => {
  it('is one line with what matters of it', () => {
    expect(describeEffect({ do: 'sendAveraged', worker })).toBe('averaged weights -> anna (1)');
    expect(describeEffect({ do: 'computed' })).toBe('computed');
  });
});
