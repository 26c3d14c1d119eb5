/**
 * What crosses the connections, a line for each message and frame in either direction: SWARMGRAD_TRACE=protocol. A line
 * has the fields named in `TELLING` and no others: never a token, and never what a frame carries.
 *
 * Where tracing is off there is no trace object, and nothing is decoded or put into words.
 */
import { printable } from '../printable.js';
import { messageOf, UserError } from '../user-error.js';
import { decodeCoordinatorMessage, decodeWorkerMessage } from './codec.js';
import { FRAME_AVERAGED_WEIGHTS, FRAME_CONTRIBUTION, FRAME_WEIGHTS, isFrame, readHeader } from './frame.js';
import type { WhichWeights } from './in-process.js';
import type { Message } from './messages.js';

export const TRACE_VARIABLE = 'SWARMGRAD_TRACE';
const PROTOCOL = 'protocol';
const MAX_WHY = 200;

type Telling = { [T in Message['type']]: readonly (keyof Extract<Message, { type: T }> & string)[] };

const TELLING: Telling = {
  join: ['protocol', 'name', 'kind'],
  ready: ['engine', 'engineClass', 'lanes'],
  synced: ['version'],
  contribution: ['step', 'node', 'samples', 'computeMs', 'waitMs'],
  evaluated: ['version', 'part', 'samples', 'computeMs'],
  dropped: ['step', 'node', 'part'],
  heartbeat: [],
  welcome: ['worker', 'run', 'generation', 'engineClass', 'heartbeatMs'],
  keep: ['version'],
  lease: ['step', 'node', 'firstShard', 'fromChunk', 'window'],
  cancel: ['step', 'node', 'part'],
  window: ['step', 'window'],
  check: ['version', 'sha256'],
  differs: ['version'],
  evaluate: ['version', 'part', 'from', 'to', 'weights'],
  progress: ['step', 'steps', 'samples'],
};

const FRAMES = {
  [FRAME_CONTRIBUTION]: 'gradient',
  [FRAME_WEIGHTS]: 'weights',
  [FRAME_AVERAGED_WEIGHTS]: 'averaged-weights',
};

export type Side = 'coordinator' | 'worker';

export interface TraceOptions {
  side: Side;
  /** Takes a line, with its end. */
  write(line: string): void;
  /** Milliseconds since 1970. */
  wallClock?: () => number;
}

/** @returns undefined where nothing is to be traced. @throws UserError for what cannot be traced */
export function protocolTrace(
  environment: Record<string, string | undefined>,
  options: TraceOptions,
): ProtocolTrace | undefined {
  const wanted = environment[TRACE_VARIABLE];
  if (!wanted) return undefined;
  if (wanted !== PROTOCOL) throw new UserError(`${TRACE_VARIABLE} must be ${PROTOCOL}, not "${wanted}"`, 2);
  return new ProtocolTrace(options);
}

/** Whether a line of another process is of its trace. */
export const isTraceLine = (line: string): boolean => /^\S+Z trace (coordinator|worker) /.test(line);

export class ProtocolTrace {
  constructor(readonly options: TraceOptions) {}

  connection(): TapWithin {
    return new ConnectionTrace(this.options);
  }
}

/** Hears what crosses a connection. */
export interface Tap {
  /** @param more bytes of the message that follow */
  sent(bytes: Uint8Array, more?: number): void;
  received(bytes: Uint8Array, more?: number): void;
  /** @param arrow which side has closed it: `->` this one */
  closed(arrow: Arrow, code: number, reason: string): void;
}

type Arrow = '->' | '<-';

/** ...and within a process, weights that both sides read where they lie, so that nothing crosses. */
export interface TapWithin extends Tap {
  held(which: WhichWeights, version: number, bytes: number): void;
}

/** One connection. Until its worker has joined, it has no name. */
class ConnectionTrace implements TapWithin {
  private name = '?';
  private id = '?';

  constructor(private readonly options: TraceOptions) {}

  sent(bytes: Uint8Array, more = 0): void {
    this.tell('->', this.options.side, bytes, more);
  }

  received(bytes: Uint8Array, more = 0): void {
    this.tell('<-', this.options.side === 'worker' ? 'coordinator' : 'worker', bytes, more);
  }

  held(which: WhichWeights, version: number, bytes: number): void {
    const name = FRAMES[which === 'current' ? FRAME_WEIGHTS : FRAME_AVERAGED_WEIGHTS];
    this.write('<-', `${name}${fields({ version, bytes, held: 'in-place' })}`);
  }

  closed(arrow: Arrow, code: number, reason: string): void {
    this.write(arrow, closeInWords(code, reason));
  }

  private tell(arrow: Arrow, sender: Side, bytes: Uint8Array, more: number): void {
    const words = messageInWords(bytes, sender, more, (message) => {
      if (message.type === 'join') this.name = word(message.name);
      if (message.type === 'welcome') this.id = String(message.worker);
    });
    this.write(arrow, words);
  }

  private write(arrow: Arrow, what: string): void {
    const { side, write, wallClock = Date.now } = this.options;
    write(`${new Date(wallClock()).toISOString()} trace ${side} ${this.name}#${this.id} ${arrow} ${what}\n`);
  }
}

/**
 * @param more bytes of the message that follow
 * @param read hears of the message, where it is one that can be read
 */
export function messageInWords(
  bytes: Uint8Array,
  sender: Side,
  more = 0,
  read: (message: Message) => void = () => undefined,
): string {
  const size = bytes.length + more;
  try {
    if (isFrame(bytes)) {
      const { type, step, node, chunk } = readHeader(bytes);
      const what = type === FRAME_CONTRIBUTION ? { step, node } : { version: step };
      return `${FRAMES[type]}${fields({ ...what, chunk, bytes: size })}`;
    }
    const message = sender === 'worker' ? decodeWorkerMessage(bytes) : decodeCoordinatorMessage(bytes);
    read(message);
    const told = TELLING[message.type].map((name) => [name, (message as never)[name]]);
    return `${message.type}${fields(Object.fromEntries(told))}`;
  } catch (error) {
    return `malformed${fields({ bytes: size, why: messageOf(error).slice(0, MAX_WHY) })}`;
  }
}

export const closeInWords = (code: number, reason: string): string => `close${fields({ code, reason })}`;

const fields = (values: Record<string, unknown>): string =>
  Object.entries(values)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]) => ` ${name}=${typeof value === 'number' ? round(value) : word(String(value))}`)
    .join('');

const round = (value: number): number => Math.round(value * 1000) / 1000;

/** Quotes text that could be read as more than one word. */
const word = (text: string): string => (/^[\w.:@/+-]+$/.test(text) ? text : JSON.stringify(printable(text)));
