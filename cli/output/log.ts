/**
 * The log of a command. `text`: lines for people, on standard error. `json`: one JSON object a line on standard output,
 * and nothing else is written there; standard error keeps what is not ours (Node, libraries) and what must not be in a
 * log, as tokens.
 */
import { printable } from '../../shared/printable.js';
import type { Level, LoggedEvent } from '../../shared/status/events.js';
import { isAtLeast } from '../../shared/status/events.js';
import type { LOG_FORMATS } from '../input/options.js';

export type LogFormat = (typeof LOG_FORMATS)[number];

/** What a command says beside the events of its run; fields other than `text` are for programs. */
export interface Note {
  type: string;
  text: string;
  /** The lowest level to print; default: `info`. */
  level?: Level;
  [field: string]: unknown;
}

export interface Log {
  say(note: Note): void;
  event(event: LoggedEvent): void;
}

export interface LogOptions {
  format: LogFormat;
  /** What is below it is left out. */
  level: Level;
}

type Streams = Pick<NodeJS.Process, 'stdout' | 'stderr'>;

export const createLog = ({ format, level }: LogOptions, { stdout, stderr }: Streams = process): Log =>
  format === 'json'
    ? jsonLog(level, (line) => void stdout.write(line))
    : textLog(level, (text) => void stderr.write(`${text}\n`));

export function textLog(least: Level, write: (text: string) => void): Log {
  return {
    say: ({ text, level = 'info' }) => {
      if (isAtLeast(level, least)) write(text);
    },
    // How the run ended is said by the command itself, at more length.
    event: ({ type, text, level }) => {
      if (type !== 'finished' && isAtLeast(level, least)) write(text);
    },
  };
}

function jsonLog(least: Level, write: (line: string) => void): Log {
  const say = (note: Note) => {
    if (isAtLeast(note.level ?? 'info', least)) write(jsonLine(note, Date.now()));
  };
  return {
    say,
    event: ({ id: _, at, ...event }) => isAtLeast(event.level, least) && write(jsonLine(event, at)),
  };
}

/** @param at milliseconds since 1970 */
export function jsonLine({ level = 'info', type, text, ...fields }: Note, at: number): string {
  const entry = { time: new Date(at).toISOString(), level, type, ...fields, text };
  // JSON escapes what would end the line, but not all that would garble a terminal that shows it.
  const shown = (name: string, value: unknown) => {
    if (typeof value !== 'string') return value;
    return name === 'stack' ? value.split('\n').map(printable).join('\n') : printable(value);
  };
  return `${JSON.stringify(entry, shown)}\n`;
}
