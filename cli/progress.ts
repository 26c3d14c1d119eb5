/**
 * The progress of a run on standard error: standard output stays with scripts.
 *
 * In a terminal some lines that update in place, with the log above them; elsewhere a plain line now and
 * then. Reads the status, and never holds the run up.
 */
import { createLogUpdate } from 'log-update';
import type { RunEvent, Status } from '../shared/status.js';
import { coloured, liveText, plainLine, uncoloured } from './progress-text.js';

const LIVE_MS = 200;
const PLAIN_MS = 5000;

export interface Display {
  /** A line of the log. */
  log(text: string): void;
  event(event: RunEvent): void;
  /** Ends the updates; what was shown last stays. */
  end(): void;
}

export interface DisplayOptions {
  quiet: boolean;
  verbose: boolean;
  status(): Status;
  /** How another machine joins. */
  join: string;
  /** Usually `process.stderr`. */
  stream: NodeJS.WriteStream;
}

export function createDisplay(options: DisplayOptions): Display {
  if (options.quiet) return { log: () => undefined, event: () => undefined, end: () => undefined };
  // A terminal without a size, as some containers give one, cannot be updated in place.
  const { isTTY, columns, rows } = options.stream;
  return isTTY && columns > 0 && rows > 0 ? liveDisplay(options) : plainDisplay(options);
}

function liveDisplay({ status, join, verbose, stream }: DisplayOptions): Display {
  const update = createLogUpdate(stream);
  const paint = stream.hasColors?.() ? coloured : uncoloured;
  const show = () => update(liveText(status(), join, stream.columns, paint));
  const timer = setInterval(show, LIVE_MS).unref();
  show();
  const log = (text: string) => update.persist(text);
  return {
    log,
    event: (event) => {
      if (isShown(event, verbose)) log(event.text);
    },
    end: () => {
      clearInterval(timer);
      show();
      update.done();
    },
  };
}

function plainDisplay({ status, join, verbose, stream }: DisplayOptions): Display {
  const log = (text: string) => void stream.write(`${text}\n`);
  const timer = setInterval(() => log(plainLine(status())), PLAIN_MS).unref();
  log(join);
  return {
    log,
    event: (event) => {
      if (isShown(event, verbose)) log(event.text);
    },
    end: () => clearInterval(timer),
  };
}

/** What happens all the time in a large cluster, and needs nobody. */
const DETAILS: readonly RunEvent['type'][] = ['checkpoint', 'reissued', 'speculated'];

/** The end has words of its own, after the display. */
const isShown = ({ type }: RunEvent, verbose: boolean) =>
  type !== 'finished' && (verbose || !DETAILS.includes(type));
