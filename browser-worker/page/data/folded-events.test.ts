import { expect, it } from 'vitest';
import { CLOSE } from '../../../shared/protocol/close-codes.js';
import { type Happening, levelOf, told } from '../../../shared/status/events.js';
import { folded } from './folded-events.js';

const logged = (happenings: readonly Happening[]) =>
  happenings.map(told).map((event, id) => ({ ...event, id, at: 1000 * id, level: levelOf(event) }));

const joined = (name: string): Happening => ({
  ...{ type: 'worker-joined', kind: 'browser', engine: 'e', engineClass: 'e@1' },
  ...{ worker: name, workerId: 1, reason: 'fast' },
});
const left = (name: string, code: number): Happening => ({
  ...{ type: 'worker-left', worker: name, workerId: 1, code, reason: 'connection closed (4001)' },
});
const checkpoint = (step: number): Happening => ({ type: 'checkpoint', step, path: '/c' });

it('many workers that join one after the other are one line, with the last of them', () => {
  const names = Array.from({ length: 200 }, (_, i) => `tab ${i}`);
  const [many, other, ...more] = folded(logged([...names.map(joined), checkpoint(5)]));
  expect(many).toMatchObject({
    id: 0,
    at: 199_000,
    text: '200 workers joined: the last: tab 199 joined (browser): fast',
  });
  expect([other!.text, more]).toEqual(['checkpoint at step 5: /c', []]);
});

it('a few are told one by one, and what is not alike stays apart', () => {
  const events = logged([joined('a'), joined('b'), joined('c'), { type: 'waiting', text: 'w' }, joined('d')]);
  expect(folded(events)).toEqual(events);
});

it('checkpoints and what is asked for twice are folded though they come by turns', () => {
  const late = (step: number): Happening => ({ type: 'speculated', step, text: `step ${step}: late` });
  const events = logged([1, 2, 3, 4].flatMap((step) => [checkpoint(step), late(step)]));
  expect(folded([...events, ...logged([joined('a')])]).map(({ text }) => text)).toEqual([
    '4 checkpoints: the last: checkpoint at step 4: /c',
    '4 times another worker was asked as well for what was late: the last: step 4: late',
    'a joined (browser): fast',
  ]);
});

it('warnings are never folded', () => {
  const warnings = logged(
    Array.from({ length: 9 }, () => ({ type: 'warning', text: 'the disk is full' }) as const),
  );
  expect(folded(warnings)).toEqual(warnings);
});

it('who leaves of its own will leaves without a code, and others with their reason', () => {
  const texts = folded(logged([left('ada', CLOSE.leaving.code), left('eve', 1006)])).map(({ text }) => text);
  expect(texts).toEqual(['ada left', 'eve left: connection closed (4001)']);
});
