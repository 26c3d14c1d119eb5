/** One JSON object a line, whatever the words are; and lines for people. */
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventLog } from '../../coordinator/monitor/event-log.js';
import { isPrintable } from '../../shared/printable.js';
import { type Level, told } from '../../shared/status/events.js';
import { createLog, type LogFormat } from './log.js';

function subject(format: LogFormat, level: Level = 'info') {
  const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
  const log = createLog({ format, level }, streams as unknown as NodeJS.Process);
  const textOf = (stream: PassThrough) => String(stream.read() ?? '');
  return { log, out: () => textOf(streams.stdout), err: () => textOf(streams.stderr) };
}

describe('the log in JSON', () => {
  it('has time, level, type, the fields and the text of each event', () => {
    const { log, out, err } = subject('json');
    const events = new EventLog(() => 1000);
    events.listen(log.event);
    const fields = { step: 8, steps: 9, epoch: 1, loss: 0.5, metric: 0.9, metricName: 'accuracy' } as const;
    events.tell(told({ type: 'evaluation', set: 'test', ...fields }));
    log.say({ type: 'serving', url: 'http://host', text: 'still serving' });
    const [first, second] = out()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(first).toEqual({
      ...{ time: '1970-01-01T00:00:01.000Z', level: 'info', type: 'evaluation', set: 'test' },
      ...{ ...fields, text: 'epoch 1, step 8 of 9: test accuracy 90.00 %, loss 0.5000' },
    });
    expect(second).toMatchObject({
      level: 'info',
      type: 'serving',
      url: 'http://host',
      text: 'still serving',
    });
    expect(err()).toBe('');
  });

  it('stays one printable line an event, and says the same, whatever workers call themselves', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }), (names) => {
        const { log, out } = subject('json');
        const events = new EventLog();
        events.listen(log.event);
        for (const worker of names) {
          events.tell(told({ type: 'worker-left', worker, workerId: 1, code: 1006, reason: worker }));
          log.say({ type: 'local-worker', worker, text: `${worker}: x` });
        }
        const lines = out().split('\n');
        expect(lines.pop()).toBe('');
        expect(lines).toHaveLength(2 * names.length);
        for (const line of lines) {
          expect(isPrintable(line)).toBe(true);
          expect(JSON.parse(line)).toMatchObject({ worker: expect.any(String), text: expect.any(String) });
        }
      }),
    );
  });
});

describe('a log', () => {
  it.each(['text', 'json'] as const)('in %s leaves out what is below its level', (format) => {
    const { log, out, err } = subject(format, 'warning');
    const events = new EventLog();
    events.listen(log.event);
    events.tell(told({ type: 'checkpoint', step: 1, path: 'a checkpoint' }));
    events.warn('a warning');
    log.say({ type: 'note', text: 'a note' });
    log.say({ type: 'note', level: 'error', text: 'an error' });
    const all = out() + err();
    expect(['a warning', 'an error'].every((text) => all.includes(text))).toBe(true);
    expect(all).not.toMatch(/a checkpoint|a note/);
  });

  it('in text is lines for people on standard error, without the end, which the command tells', () => {
    const { log, out, err } = subject('text');
    const events = new EventLog();
    events.listen(log.event);
    events.tell({ type: 'finished', status: 'finished', text: 'over' });
    events.warn('low on disk');
    expect([out(), err()]).toEqual(['', 'low on disk\n']);
  });
});
