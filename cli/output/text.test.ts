import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { significant as onPages } from '../../browser-worker/page/data/format.js';
import type { Summary } from '../../coordinator/record/folder/summary.js';
import { joinLine, reachableLocally } from '../../coordinator/server/network/addresses.js';
import { status, statusView, worker } from '../../test/support/files/status-fixture.js';
import { closingText } from './closing-text.js';
import { count, duration, percent, significant, table } from './format.js';
import { colored, liveText, plainLine, uncolored } from './progress-text.js';
import { readStatus, statusText } from './status-text.js';

describe('numbers for people', () => {
  it.each([
    [0.4, '0s'],
    [59.4, '59s'],
    [59.6, '1m 0s'],
    [187, '3m 7s'],
    [269.7, '4m 30s'],
    [3599.9, '1h 0m'],
    [7620, '2h 7m'],
    [100 * 3600, '4d 4h'],
  ])('a duration of %d s is %s', (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });

  it('are grouped, rounded and given a unit', () => {
    expect(count(1_234_567.8)).toBe('1,234,568');
    expect(percent(0.97526)).toBe('97.53 %');
    const values = [0, 0.00012, 2.5, 123.456, 181_234.5, 3e7, -5.647e18, 1e-9, Number.NaN];
    expect(values.map((value) => significant(value))).toEqual([
      '0.000',
      '0.0001200',
      '2.500',
      '123.5',
      '181,235',
      '30,000,000',
      '-5.647e+18',
      '1.000e-9',
      'NaN',
    ]);
    expect(values.map((value) => onPages(value))).toEqual([
      '0',
      '0.00012',
      '2.5',
      '123.5',
      '181,235',
      '30,000,000',
      '-5.647e18',
      '1e-9',
      '–',
    ]);
  });

  it('stand to the right in a table, words to the left', () => {
    expect(
      table(
        ['name', 'samples'],
        [
          ['a', 5],
          ['longer', 1234],
        ],
      ),
    ).toEqual(['name    samples', 'a             5', 'longer    1,234']);
  });
});

describe('the progress display', () => {
  it('says in one line how far the run is', () => {
    expect(plainLine(status())).toBe(
      'step 312/1404  epoch 1  loss 0.1235  accuracy 96.09 %  test accuracy –  15,235 samples/s  1 worker  3m 7s left',
    );
    expect(plainLine(status({ state: 'waiting', secondsLeft: null }))).toMatch(/^waiting: step.* – left$/);
  });

  it('names the metric of the run', () => {
    const regression = status({
      metric: 'meanAbsoluteError',
      meanAbsoluteError: 1.5,
      testMeanAbsoluteError: 2,
    });
    expect(plainLine(regression)).toContain('mean absolute error 1.500  test mean absolute error 2.000');
  });

  it('shows in a terminal the bar, the scores, the workers and how to join', () => {
    expect(liveText(status(), 'join: here', 120, uncolored).split('\n')).toEqual([
      '█████░░░░░░░░░░░░░░░░░░░  step 312/1,404  epoch 1  3m 7s left',
      'loss 0.1235  accuracy 96.09 %  test accuracy –',
      '15,235 samples/s  1 worker',
      '  worker      engine      lanes  state      samples  samples/s  wait ms  compute ms  network ms',
      '  ada (node)  eager/wasm      4  computing   12,345      2,500        1           9           3',
      'join: here',
    ]);
  });

  it('tells the best evaluation, and what is wrong with the run', () => {
    const text = liveText(
      status({
        testAccuracy: 0.1,
        best: { step: 188, metric: 'accuracy', value: 0.997 },
        health: { state: 'worse', reason: 'accuracy 10.00 %, after 99.70 % at step 188' },
      }),
      '',
      120,
      uncolored,
    );
    expect(text).toContain('test accuracy 10.00 %  best 99.70 % at step 188\n');
    expect(text).toContain('\ngot worse: accuracy 10.00 %, after 99.70 % at step 188\n');
  });

  it('has nothing of joining and of workers once the run is over', () => {
    const over = status({ state: 'finished', message: 'finished with 97 %', secondsLeft: null });
    expect(liveText(over, 'join: here', 120, uncolored).split('\n')).toEqual([
      '█████░░░░░░░░░░░░░░░░░░░  step 312/1,404  epoch 1  finished',
      'loss 0.1235  accuracy 96.09 %  test accuracy –',
      '15,235 samples/s  1 worker',
    ]);
  });

  it('says why nothing moves', () => {
    const text = liveText(status({ state: 'waiting', message: 'waiting for 2 workers' }), '', 120, uncolored);
    expect(text).toContain('\nwaiting for 2 workers\n');
  });

  it('only counts workers where they are many', () => {
    const workers = Array.from({ length: 9 }, (_, id) => worker({ id }));
    const text = liveText(status({ workers }), '', 120, uncolored);
    expect(text).toContain('9 workers');
    expect(text).not.toContain('ada');
  });

  it('never fills a row of the terminal, painted or not', () => {
    const visible = stripVTControlCharacters;
    for (const columns of [20, 40, 80]) {
      const plain = liveText(status(), 'join: '.repeat(30), columns, uncolored);
      for (const line of plain.split('\n')) expect(line.length).toBeLessThan(columns);
      expect(visible(liveText(status(), 'join: '.repeat(30), columns, colored))).toBe(plain);
    }
  });

  it('has an empty bar before the number of steps is known', () => {
    expect(liveText(status({ step: 0, steps: 0, workers: [] }), '', 80, uncolored)).toMatch(
      /^░{24} {2}step 0\/0/,
    );
  });
});

it('a status is shown with its run, its counters and its workers', () => {
  expect(statusText(statusView())).toBe(
    [
      'state    training',
      'run      /runs/one',
      'step     312/1,404  epoch 1  batch 128  3m 7s left',
      'scores   loss 0.1235  accuracy 96.09 %  test accuracy –',
      'speed    15,235 samples/s  learning rate 0.001000',
      'health   OK: training loss 0.1235, at first 2.303',
      'bits     bit-exact so far: 8 shards a step, all computed by eager/wasm@1',
      'shards   2,496 counted  8 reissued  1 rejected  2 duplicates',
      '',
      'worker      engine      lanes  state      samples  samples/s  wait ms  compute ms  network ms',
      'ada (node)  eager/wasm      4  computing   12,345      2,500        1           9           3',
    ].join('\n'),
  );
  const nobody = { workers: [], workerCounts: { node: 0, browser: 0 } };
  expect(statusText(statusView(nobody))).toMatch(/no workers$/);
  expect(statusText(statusView({ workerCounts: { node: 9_000, browser: 1_000 } }))).toMatch(
    /and 9,999 more: GET \/api\/workers\?from=1&search=TEXT$/,
  );
});

describe('how another machine joins', () => {
  it('is one line with an address that it can reach', () => {
    expect(joinLine('http://0.0.0.0:8790', false, '10.0.0.7')).toBe(
      'join from another machine: npx swarmgrad worker ws://10.0.0.7:8790',
    );
    expect(joinLine('http://[::]:8080', false, '10.0.0.7')).toContain('ws://10.0.0.7:');
    expect(joinLine('http://192.168.1.2:8790')).toContain('npx swarmgrad worker ws://192.168.1.2:8790');
  });

  it.each(['127.0.0.1', 'localhost', '[::1]'])('says that %s needs --host 0.0.0.0', (host) => {
    expect(joinLine(`http://${host}:8790`)).toContain('start with --host 0.0.0.0');
  });

  it('differs from how this machine does', () => {
    expect(reachableLocally('http://0.0.0.0:8790')).toBe('http://127.0.0.1:8790');
    expect(reachableLocally('http://[::]:8790')).toBe('http://[::1]:8790');
    expect(reachableLocally('http://192.168.1.2:8790')).toBe('http://192.168.1.2:8790');
  });
});

describe('the last words', () => {
  const summary: Summary = {
    version: '1.0.0',
    status: 'finished',
    steps: 1404,
    epochs: 3,
    samplesTrained: 180_000,
    seconds: 42,
    weightsSha256: 'f'.repeat(64),
    train: { loss: 0.01, accuracy: 0.99 },
    test: { loss: 0.0824, accuracy: 0.9771, samples: 10_000 },
    shards: status().shards,
    audits: {
      made: 0,
      passed: 0,
      doubtful: 0,
      failed: 0,
      overNorm: 0,
      notFinite: 0,
      replaced: 0,
      unseen: 0,
      banned: [],
    },
    best: { step: 1000, metric: 'accuracy', value: 0.9775, set: 'test', weightsSha256: null },
    workers: [],
    health: { state: 'ok', reason: '' },
    reproducible: { holds: true, why: 'one engine class' },
    bytes: { down: 0, up: 0 },
  };

  it('tell how good the model is and where it lies', () => {
    expect(closingText(summary, '/runs/one')).toBe(
      [
        'finished after 1,404 steps, 180,000 samples, 42s',
        'training set, last epoch: accuracy 99.00 %, loss 0.01000',
        'test set: accuracy 97.71 %, loss 0.08240 on 10,000 samples; best 97.75 % at step 1,000',
        'model:    /runs/one/model',
        'run:      /runs/one',
        `bits:     bit-exact, SHA-256 ${'f'.repeat(64)}; one engine class`,
      ].join('\n'),
    );
  });

  it('of a stopped run tell how it goes on', () => {
    const text = closingText({ ...summary, status: 'stopped', test: null }, '/runs/one');
    expect(text).toMatch(/^stopped after[\s\S]*--run-dir \/runs\/one --resume$/);
    expect(text).not.toContain('test set');
  });

  it('name the metric of a regression', () => {
    const test = { loss: 2, meanAbsoluteError: 1.25, samples: 10 };
    expect(closingText({ ...summary, test }, '/runs/one')).toContain('mean absolute error 1.250, loss 2.000');
  });
});

it('a status from the network reaches no more of a terminal than its text', () => {
  const name = 'ada\x1b]0;title\x07\nfinished';
  const shown = statusText(
    readStatus(JSON.stringify(statusView({ message: 'a\x9b2J', workers: [worker({ name })] }))),
  );
  expect(shown).toContain('ada\\u{1b}]0;title\\u{7} finished (node)');
  expect(shown).toContain('a\\u{9b}2J');
});
