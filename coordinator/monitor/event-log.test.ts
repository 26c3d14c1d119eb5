/** What happens all the time does not push out what happens once; and whoever listens first misses nothing. */
import { describe, expect, it } from 'vitest';
import { type LoggedEvent, told } from '../../shared/status/events.js';
import { EventLog } from './event-log.js';

const visit = (at: number) =>
  told({ type: 'worker-left', worker: 'w', workerId: at, code: 1006, reason: `visit ${at}` });

describe('the events of a run', () => {
  it('are told in their order from any of them on', () => {
    const log = new EventLog(() => 7);
    log.tell({ type: 'warning', text: 'first' });
    log.tell(visit(0));
    log.tell({ type: 'data', text: 'third' });
    expect(log.from().map(({ id, text }) => [id, text])).toEqual([
      [0, 'first'],
      [1, 'w left: visit 0'],
      [2, 'third'],
    ]);
    expect(log.from(1).map(({ text }) => text)).toEqual(['w left: visit 0', 'third']);
    expect(log.from(3)).toEqual([]);
  });

  it('keep bans and warnings while workers come and go without end, also over a restart', () => {
    const log = new EventLog(() => 7);
    log.tell(told({ type: 'banned', worker: 'liar', step: 4, reason: 'lies' }));
    log.tell({ type: 'warning', text: 'the warning' });
    for (let at = 0; at < 10_000; at++) log.tell(visit(at));
    const texts = (events: { text: string }[]) => events.map(({ text }) => text);
    expect(texts(log.from()).slice(0, 2)).toEqual(['step 4: liar is banned: lies', 'the warning']);
    expect(log.from().length).toBeLessThanOrEqual(500);
    expect(log.from().at(-1)!.text).toBe('w left: visit 9999');
    const again = new EventLog(() => 8);
    again.restore(log.from());
    again.tell({ type: 'warning', text: 'later' });
    expect(texts(again.from()).slice(0, 2)).toEqual(['step 4: liar is banned: lies', 'the warning']);
    expect(again.from(10_002).map(({ text }) => text)).toEqual(['later']);
  });

  it('are heard by listeners as they happen; the first hears those before it too', () => {
    const log = new EventLog(() => 7);
    log.warn('early');
    const [first, second]: string[][] = [[], []];
    const end = log.listen(({ text }) => first!.push(text));
    log.listen(({ text }) => second!.push(text));
    log.warn('later');
    end();
    log.warn('last');
    expect(first).toEqual(['early', 'later']);
    expect(second).toEqual(['later', 'last']);
  });

  it('have an id, a time and a level beside their own fields', () => {
    const log = new EventLog(() => 7);
    log.tell(told({ type: 'checkpoint', step: 3, path: '/runs/one' }));
    const text = 'checkpoint at step 3: /runs/one';
    const fields = { type: 'checkpoint', step: 3, path: '/runs/one', text };
    expect(log.from()).toEqual([{ id: 0, at: 7, level: 'debug', ...fields }]);
  });

  it('are printable and on one line, whatever a worker calls itself', () => {
    const log = new EventLog();
    const reason = `step 1: \u001b[2Jx\nfinished${'x'.repeat(1e6)}`;
    log.tell(told({ type: 'worker-left', worker: 'a\nb', workerId: 3, code: 1006, reason }));
    const [event] = log.from() as [Extract<LoggedEvent, { worker: string }>];
    expect(event.worker).toBe('a b');
    expect(event.text).toMatch(/^a b left: step 1: \\u\{1b\}\[2Jx finishedx+$/);
    expect(event.text.length).toBeLessThan(3000);
  });

  it('of a file that tells no levels have those of their types', () => {
    const log = new EventLog();
    log.restore([{ id: 4, at: 7, type: 'warning', text: 'x' } as LoggedEvent]);
    expect(log.from()[0]).toMatchObject({ id: 4, level: 'warning' });
  });
});
