/**
 * Text of strangers as it may be shown: on one line, and without what moves a terminal's cursor, sets its title or
 * clipboard, or turns the order of what stands around it.
 */

/**
 * Control characters, ends of lines, halves of surrogate pairs, and what changes the direction of writing or stands
 * for nothing that is seen. Joiners (U+200C, U+200D) are letters' and emoji's own, and stay.
 */
const HIDDEN =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e007f}]/u;
const EVERY_HIDDEN = new RegExp(HIDDEN, 'gu');

export const isPrintable = (text: string): boolean => !HIDDEN.test(text);

/** What cannot be shown is written out, as \u{1b}; an end of a line, or a tab, is a space. */
export const printable = (text: string): string =>
  text
    .replace(/\s*[\r\n\u2028\u2029]+\s*|\t/g, ' ')
    .replace(EVERY_HIDDEN, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);

/** What of a text is kept where many are. */
const MAX_TEXT = 2000;

/** Every text of an event on one line, printable and of bounded length: names and reasons come from the network. */
export function shown<Event extends object>(event: Event): Event {
  const fields = Object.entries(event).map(([name, value]) => [
    name,
    typeof value === 'string' ? printable(value.slice(0, MAX_TEXT)) : value,
  ]);
  return Object.fromEntries(fields) as Event;
}
