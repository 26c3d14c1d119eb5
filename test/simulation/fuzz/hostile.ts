/**
 * One hostile connection: goes so far as an honest worker would, to a stage that is drawn, and there sends what no
 * honest worker sends, until it is closed or has enough. What it sends is a function of (seed, number of the
 * connection) and of what the coordinator has told it.
 */
import { Random } from '../../../shared/numerics/random.js';
import { decodeCoordinatorMessage, decodeWorkerMessage, encode } from '../../../shared/protocol/codec.js';
import { isFrame, readFrame } from '../../../shared/protocol/frame.js';
import type { WorkerMessage } from '../../../shared/protocol/messages.js';
import { frame, type Heard, honest } from './messages.js';
import { hostileMessage } from './mutations.js';

/** How far it goes before its first hostile message, and how often. */
const STAGES = {
  connected: 25,
  joined: 25,
  ready: 10,
  synced: 30,
  contributing: 6,
  contributed: 4,
};
const NAMES = Object.keys(STAGES) as Stage[];
export type Stage = keyof typeof STAGES;

/** One in so many that are left open falls silent at last, and must be sent away. */
const SILENT = 500;

/** What carries messages: a socket, or memory. */
export interface Line {
  /** Sends messages. Resolves when all of them have been read, or the connection is closed. */
  send(messages: readonly Uint8Array[]): Promise<void>;
  /** Goes, in a manner that is drawn. */
  leave(): void;
  /** Resolves when `isTrue` holds, or the connection is closed. */
  until(isTrue: () => boolean): Promise<void>;
  /** Set once the connection is closed by the other side; `code` is undefined where it gave none. */
  readonly closed: { code: number | undefined } | undefined;
}

export interface HostileOptions {
  seed: number;
  connection: number;
  /** `worker`: trusted. */
  tokens: { volunteer: string; worker: string };
  /** Of a chunk of the gradient. */
  elements: number;
  chunks: number;
  coded?: readonly number[] | undefined;
  /** @param hear is to be given each message that comes */
  dial(random: Random, hear: (message: Uint8Array) => void): Line;
}

export interface Ending {
  stage: Stage;
  /** The code with which the coordinator has closed it; undefined: it has gone itself. */
  code: number | undefined;
}

/** @throws Error if the coordinator ends the connection without a code */
export async function attack(options: HostileOptions): Promise<Ending> {
  const hostile = new Hostile(options);
  await hostile.arrive();
  await hostile.attack();
  return hostile.end();
}

class Hostile {
  private readonly random: Random;
  private readonly heard: Heard;
  private readonly isTrusted: boolean;
  private readonly stage: Stage;
  private readonly line: Line;
  private readonly seen = { welcome: false, weights: false, progress: 0 };

  constructor({ seed, connection, tokens, elements, chunks, coded, dial }: HostileOptions) {
    this.random = new Random(seed, connection);
    // A few are trusted: they leave out all that would count, and send all that must be refused.
    this.isTrusted = this.random.below(8) === 0;
    const token = this.isTrusted ? tokens.worker : tokens.volunteer;
    const name = `hostile ${connection}`;
    this.heard = {
      token,
      name,
      engineClass: 'light@1',
      lease: undefined,
      version: 0,
      elements,
      chunks,
      coded,
    };
    this.stage = this.drawStage();
    this.line = dial(this.random, (message) => this.hear(message));
  }

  /** Does what an honest worker does until the stage is reached. */
  async arrive(): Promise<void> {
    const { seen, heard, line, random } = this;
    const to = NAMES.indexOf(this.stage);
    if (to >= 1) await this.say('join', () => seen.welcome);
    if (to >= 2) await this.say('ready', () => seen.weights);
    if (to >= 3) await this.say('synced');
    if (to < 4) return;
    // There may be no lease for it: then it goes on without, once it has heard how the run goes.
    const { progress } = seen;
    await line.until(() => heard.lease !== undefined || seen.progress > progress);
    if (!heard.lease) return;
    await this.say('contribution');
    if (to < 5 || this.isTrusted) return;
    const chunks = Array.from({ length: heard.chunks }, (_, chunk) => frame(heard, random, chunk));
    await line.send(chunks);
    // Half of them wait for what becomes of it.
    const heardBefore = seen.progress;
    if (random.below(2)) await line.until(() => seen.progress > heardBefore + 1);
  }

  async attack(): Promise<void> {
    const { random, line } = this;
    for (let bursts = 1 + random.below(4); bursts > 0 && !line.closed; bursts--)
      await line.send(Array.from({ length: 1 + random.below(12) }, () => this.message()));
    if (this.seen.welcome && random.below(SILENT) === 0) await line.until(() => false);
  }

  end(): Ending {
    const { stage, line } = this;
    const { closed } = line;
    line.leave();
    if (closed && closed.code === undefined) throw new Error(`${stage}: closed without a code`);
    return { stage, code: closed?.code };
  }

  private message(): Uint8Array {
    for (;;) {
      const bytes = hostileMessage(this.heard, this.random);
      if (!this.isTrusted || !mayCount(bytes, this.heard)) return bytes;
    }
  }

  private async say(type: WorkerMessage['type'], isAnswered: () => boolean = () => true): Promise<void> {
    if (this.line.closed) return;
    await this.line.send([encode(honest(type, this.heard, this.random))]);
    await this.line.until(isAnswered);
  }

  private hear(bytes: Uint8Array): void {
    const { seen, heard } = this;
    if (isFrame(bytes)) {
      seen.weights = true;
      heard.version = readFrame(bytes).step;
      return;
    }
    const told = decodeCoordinatorMessage(bytes);
    if (told.type === 'welcome') {
      seen.welcome = true;
      if (told.engineClass.includes('@')) heard.engineClass = told.engineClass;
    } else if (told.type === 'lease') heard.lease = told;
    else if (told.type === 'progress') seen.progress++;
  }

  private drawStage(): Stage {
    let left = this.random.below(Object.values(STAGES).reduce((sum, weight) => sum + weight));
    return NAMES.find((name) => (left -= STAGES[name]) < 0)!;
  }
}

/**
 * Whether it could change the result if it came from somebody who is believed: a chunk of the right length, or sums
 * that are no numbers, of which two in a row end a run.
 */
function mayCount(bytes: Uint8Array, { elements }: Heard): boolean {
  try {
    if (isFrame(bytes)) return readFrame(bytes).body.length === 4 * elements;
    const told = decodeWorkerMessage(bytes);
    return told.type === 'contribution' && !(Number.isFinite(told.loss) && Number.isFinite(told.metric));
  } catch {
    return false;
  }
}
