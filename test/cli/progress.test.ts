import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createDisplay } from '../../cli/progress.js';
import { status } from './status-fixture.js';

function display(options: { quiet?: boolean; verbose?: boolean; isTTY?: boolean } = {}) {
  const { quiet = false, verbose = false, isTTY = false } = options;
  let written = '';
  const stream = Object.assign(
    new Writable({
      write: (chunk, _encoding, done) => {
        written += chunk;
        done();
      },
    }),
    { isTTY, columns: 100, rows: 30 },
  ) as unknown as NodeJS.WriteStream;
  const shown = createDisplay({ quiet, verbose, status: () => status(), join: 'join: here', stream });
  return { shown, text: () => stripVTControlCharacters(written) };
}

describe('the progress display', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is a plain line now and then where there is no terminal', () => {
    const { shown, text } = display();
    vi.advanceTimersByTime(10_000);
    shown.event({
      type: 'evaluation',
      step: 1,
      epoch: 1,
      loss: 0,
      metric: 1,
      text: 'epoch 1: test accuracy 97 %',
    });
    shown.end();
    vi.advanceTimersByTime(10_000);
    expect(text().split('\n')).toEqual([
      'join: here',
      expect.stringMatching(/^step 312\/1404 /),
      expect.stringMatching(/^step 312\/1404 /),
      'epoch 1: test accuracy 97 %',
      '',
    ]);
  });

  it('speaks of checkpoints only when asked to be verbose', () => {
    for (const verbose of [false, true]) {
      const { shown, text } = display({ verbose });
      shown.event({ type: 'checkpoint', step: 100, text: 'checkpoint at step 100' });
      expect(text().includes('checkpoint at step 100')).toBe(verbose);
      shown.end();
    }
  });

  it('in a terminal keeps log lines above the lines that update', () => {
    const { shown, text } = display({ isTTY: true });
    shown.log('ada joined');
    vi.advanceTimersByTime(400);
    shown.end();
    expect(text()).toContain('ada joined\n');
    expect(text().trimEnd()).toMatch(/join: here$/);
  });

  it('says nothing when quiet', () => {
    const { shown, text } = display({ quiet: true, isTTY: true });
    shown.log('x');
    vi.advanceTimersByTime(10_000);
    shown.end();
    expect(text()).toBe('');
  });
});
