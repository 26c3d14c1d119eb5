import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Level, told } from '../../shared/status/events.js';
import { status } from '../../test/support/files/status-fixture.js';
import { loadDisplay } from './progress.js';

async function display(options: { quiet?: boolean; level?: Level; isTTY?: boolean } = {}) {
  const { quiet = false, level = quiet ? 'error' : 'info', isTTY = false } = options;
  let written = '';
  const stderr = Object.assign(
    new Writable({
      write: (chunk, _encoding, done) => {
        written += chunk;
        done();
      },
    }),
    { isTTY, columns: 100, rows: 30 },
  ) as unknown as NodeJS.WriteStream & { fd: 2 };
  const streams = { stdout: process.stdout, stderr };
  const show = await loadDisplay({ quiet, level, format: 'text', streams });
  const shown = show({ status: () => status(), join: 'join: here' });
  return { shown, text: () => stripVTControlCharacters(written) };
}

describe('the progress display', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is a plain line now and then where there is no terminal, soon after the start and then every five seconds', async () => {
    const { shown, text } = await display();
    vi.advanceTimersByTime(10_000);
    const evaluated = {
      type: 'evaluation',
      set: 'test',
      step: 1,
      steps: 9,
      epoch: 1,
      loss: 0,
      metric: 0.97,
    } as const;
    const event = told({ ...evaluated, metricName: 'accuracy' });
    shown.event({ ...event, id: 0, at: 0, level: 'info' });
    shown.end();
    vi.advanceTimersByTime(10_000);
    expect(text().split('\n')).toEqual([
      'join: here',
      // After 2, 3.5, 5 and 10 seconds.
      ...Array(4).fill(expect.stringMatching(/^step 312\/1404 /)),
      'epoch 1, step 1 of 9: test accuracy 97.00 %, loss 0.000',
      '',
    ]);
  });

  it('speaks of checkpoints only when asked to be verbose', async () => {
    for (const level of ['info', 'debug'] as const) {
      const { shown, text } = await display({ level });
      const event = told({ type: 'checkpoint', step: 100, path: '/runs/one' });
      shown.event({ ...event, id: 0, at: 0, level: 'debug' });
      expect(text().includes('checkpoint at step 100')).toBe(level === 'debug');
      shown.end();
    }
  });

  it('in a terminal keeps log lines above the lines that update', async () => {
    const { shown, text } = await display({ isTTY: true });
    shown.say({ type: 'joined', text: 'ada joined' });
    vi.advanceTimersByTime(400);
    shown.end();
    expect(text()).toContain('ada joined\n');
    expect(text().trimEnd()).toMatch(/join: here$/);
  });

  it('says nothing when quiet', async () => {
    const { shown, text } = await display({ quiet: true, isTTY: true });
    shown.say({ type: 'x', text: 'x' });
    vi.advanceTimersByTime(10_000);
    shown.end();
    expect(text()).toBe('');
  });
});
