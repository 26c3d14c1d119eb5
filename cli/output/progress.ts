/**
 * The progress of a run on standard error: standard output stays with scripts.
 *
 * In a terminal some lines that update in place, with the log above them; elsewhere a plain line now and
 * then. Reads the status, and never holds the run up.
 */
import type { createLogUpdate } from 'log-update';
import type { Level } from '../../shared/status/events.js';
import type { Status } from '../../shared/status/status.js';
import { createLog, type Log, type LogOptions, textLog } from './log.js';
import { colored, liveText, plainLine, uncolored } from './progress-text.js';

const LIVE_MS = 200;
const PLAIN_MS = 5000;
/** The first lines come sooner: a user who has just started a run wants to see that it works. */
const FIRST_PLAIN_MS = [2000, 3500];

export interface Display extends Log {
  /** Ends the updates; what was shown last stays. */
  end(): void;
}

export interface DisplayOptions extends LogOptions {
  /** No lines that update, and none of progress. */
  quiet: boolean;
  streams?: Pick<NodeJS.Process, 'stdout' | 'stderr'>;
}

/** Of which run. */
export interface Shown {
  status(): Status;
  /** How another machine joins. */
  join: string;
}

/** What shows a run, by where it is shown. Loaded before the run begins: no event of it is missed then. */
export async function loadDisplay(options: DisplayOptions): Promise<(shown: Shown) => Display> {
  const { quiet, format, level = 'info', streams = process } = options;
  if (quiet || format === 'json') return () => ({ ...createLog(options, streams), end: () => undefined });
  const stream = streams.stderr;
  // A terminal without a size, as some containers give one, cannot be updated in place.
  if (!stream.isTTY || !(stream.columns > 0 && stream.rows > 0))
    return (shown) => plainDisplay(shown, level, stream);
  const { createLogUpdate } = await import('log-update');
  return (shown) => liveDisplay(shown, level, stream, createLogUpdate(stream));
}

function liveDisplay(
  { status, join }: Shown,
  level: Level,
  stream: NodeJS.WriteStream,
  update: ReturnType<typeof createLogUpdate>,
): Display {
  const paint = stream.hasColors?.() ? colored : uncolored;
  const show = () => update(liveText(status(), join, stream.columns, paint));
  const timer = setInterval(show, LIVE_MS).unref();
  show();
  return {
    ...textLog(level, (text) => update.persist(text)),
    end: () => {
      clearInterval(timer);
      show();
      update.done();
    },
  };
}

function plainDisplay({ status, join }: Shown, level: Level, stream: NodeJS.WriteStream): Display {
  const log = textLog(level, (text) => void stream.write(`${text}\n`));
  const tell = () => log.say({ type: 'progress', text: plainLine(status()) });
  const timers = [
    ...FIRST_PLAIN_MS.map((ms) => setTimeout(tell, ms).unref()),
    setInterval(tell, PLAIN_MS).unref(),
  ];
  log.say({ type: 'join', text: join });
  return {
    ...log,
    end: () => {
      for (const timer of timers) clearInterval(timer);
    },
  };
}
