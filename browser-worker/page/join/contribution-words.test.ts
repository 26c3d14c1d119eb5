import { describe, expect, it } from 'vitest';
import type { Phase, Report } from '../../contribution-state.js';
import { DEFAULT_SETTINGS } from '../../contribution-state.js';
import { StateReporter } from '../../tab/state-reporter.js';
import { wordsOf } from './contribution-words.js';

const words = (phase: Phase, more: { isFinal?: boolean; samples?: number } = {}) =>
  wordsOf({ phase, isFinal: false, samples: 0, samplesOfRun: 2000, ...more });

/** A tab's state by a clock that stands still unless it is moved. */
function tab() {
  const clock = { now: 0 };
  let latest: Extract<Report, { type: 'state' }>['state'] | undefined;
  const reporter = new StateReporter(
    'tab',
    DEFAULT_SETTINGS,
    (report) => {
      if (report.type === 'state') latest = report.state;
    },
    () => clock.now,
  );
  const seen = () => {
    reporter.refresh();
    reporter.flush();
    return latest!;
  };
  return { clock, reporter, seen };
}

describe('what a tab says of itself', () => {
  it('never says that it has done nothing while it says that it is done, or at work', () => {
    const phases: Phase[] = ['off', 'contributing', 'paused', 'finished', 'refused'];
    expect(phases.map((phase) => words(phase).headline)).toEqual([
      'Ready when you are.',
      'Your first samples are on their way.',
      'Taking a break.',
      'The run is over.',
      'This tab takes no part.',
    ]);
    for (const phase of phases)
      expect(words(phase, { samples: 500 }).headline).toBe(
        'You have contributed 500 samples (25.0 % of this run)',
      );
  });

  it('offers to start only where something can come of it', () => {
    expect(words('off').offers).toEqual(['start']);
    expect(words('refused').offers).toEqual(['start']);
    expect(words('refused', { isFinal: true }).offers).toEqual([]);
    expect(words('finished', { isFinal: true }).offers).toEqual([]);
    expect(words('paused').offers).toEqual(['resume', 'stop']);
  });

  it('has a speed only while it computes', () => {
    const { clock, reporter, seen } = tab();
    reporter.show('contributing', 'Contributing.');
    for (const at of [0, 1000, 2000]) {
      clock.now = at;
      reporter.busy(1);
      reporter.computed(100);
      reporter.busy(-1);
    }
    expect(seen().samplesPerSecond).toBe(100);
    reporter.show('paused', 'Paused by you.');
    expect(seen().samplesPerSecond).toBe(0);
    expect(words('paused').isComputing).toBe(false);
  });

  it('says that it waits where a run that is paused sends it nothing, and that it computes once it does', () => {
    const { clock, reporter, seen } = tab();
    reporter.show('contributing', 'Contributing.');
    reporter.busy(1);
    // However long one shard takes on this device.
    clock.now = 60_000;
    expect(seen().message).toBe('Contributing.');
    reporter.computed(100);
    reporter.busy(-1);
    clock.now = 62_000;
    expect(seen().message).toBe('Contributing.');
    clock.now = 64_000;
    expect(seen()).toMatchObject({
      message: expect.stringMatching(/^Waiting for work/),
      samplesPerSecond: 0,
    });
    reporter.busy(1);
    expect(seen().message).toBe('Contributing.');
  });
});
