import { describe, expect, it } from 'vitest';
import type { EnginesResult } from '../tasks/try-engines.js';
import { enginesText } from './engines.js';

const RESULT: EnginesResult = {
  data: 'digits',
  model: 'cnn',
  shardSamples: 16,
  chosen: 'compiled/cpu',
  engines: [
    { name: 'compiled/cpu', engineClass: 'compiled/cpu@1+avx2', shardMs: 12.345, distance: 3e-7 },
    { name: 'eager/node', refused: '@tensorflow/tfjs-node is not installed' },
  ],
  speed: { lanes: 1, ofOne: 1296.4, ofAll: 1296.4 },
};

describe('the table of engines', () => {
  const last = (speed: EnginesResult['speed']) =>
    enginesText({ ...RESULT, speed })
      .split('\n')
      .at(-1);

  it('ends with the speed of one lane, and of all that a worker alone on this machine has', () => {
    expect(last({ lanes: 8, ofOne: 1296.4, ofAll: 9000.2 })).toBe(
      'compiled/cpu: 1,296 samples/s in one lane, 9,000 in 8 (6.94 times)',
    );
    expect(last({ lanes: 2, ofOne: 1000, ofAll: 900 })).toBe(
      'compiled/cpu: 1,000 samples/s in one lane, 900 in 2 (0.90 times)',
    );
  });

  it('says of one lane only its speed, where there is no other', () => {
    expect(last(RESULT.speed)).toBe('compiled/cpu: 1,296 samples/s in one lane');
  });

  it('marks what a worker takes, and says of each engine its time and class, or why not', () => {
    const rows = enginesText(RESULT)
      .split('\n')
      .filter((line) => line.startsWith('compiled/') || line.startsWith('eager/'))
      .map((line) => line.trim().split(/ {2,}/));
    expect(rows.slice(0, 2)).toEqual([
      ['compiled/cpu *', '12.3', '3.0e-7', 'compiled/cpu@1+avx2'],
      ['eager/node', '–', '–', '@tensorflow/tfjs-node is not installed'],
    ]);
  });
});
