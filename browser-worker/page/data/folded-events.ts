/** Events as people read them: what happens again and again, one after the other, is one line with how often. */

import { CLOSE } from '../../../shared/protocol/close-codes.js';
import type { LoggedEvent } from '../../../shared/status/events.js';
import { count } from './format.js';

/** Fewer are told one by one. */
const FOLDED_FROM = 4;

/** What many of a kind are called. */
const MANY: Partial<Record<LoggedEvent['type'], (many: string) => string>> = {
  'worker-joined': (many) => `${many} workers joined`,
  'worker-left': (many) => `${many} workers left`,
  'worker-refused': (many) => `${many} workers were refused`,
  checkpoint: (many) => `${many} checkpoints`,
  speculated: (many) => `${many} times another worker was asked as well for what was late`,
  reissued: (many) => `${many} times work was given to others`,
};

/** Runs of many events of a kind as one with the time and the text of the last. */
export function folded(events: readonly LoggedEvent[]): LoggedEvent[] {
  const groups: LoggedEvent[][] = [];
  for (const event of events) {
    const group = groups.findLast(([first], at) => first!.type === event.type && isOpen(groups, at));
    if (group && MANY[event.type]) group.push(event);
    else groups.push([event]);
  }
  return groups.flatMap((group) => {
    if (group.length < FOLDED_FROM) return group.map(plain);
    const last = plain(group.at(-1)!);
    // The id of the first: the line stays where it is as more come.
    return [
      { ...last, id: group[0]!.id, text: `${MANY[last.type]!(count(group.length))}: the last: ${last.text}` },
    ];
  });
}

/** Whether nothing stands behind a group but what asks for no action: that does not part what belongs together. */
const isOpen = (groups: readonly LoggedEvent[][], at: number): boolean =>
  groups.slice(at + 1).every(([first]) => first!.level === 'debug');

/** Who leaves of its own will needs no reason. */
const plain = (event: LoggedEvent): LoggedEvent =>
  event.type === 'worker-left' && event.code === CLOSE.leaving.code
    ? { ...event, text: `${event.worker} left` }
    : event;
