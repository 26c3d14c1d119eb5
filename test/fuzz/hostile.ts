/**
 * One hostile connection: goes so far as an honest worker would, to a stage that is drawn, and there sends what no
 * honest worker sends, until it is closed or has enough. Bytes are a function of (seed, number of the connection) and
 * of what the coordinator has told it.
 */
import { connect, type Socket } from 'node:net';
import { decodeCoordinatorMessage, decodeWorkerMessage, encode } from '../../shared/protocol/codec.js';
import { HEADER_BYTES, isFrame, readFrame } from '../../shared/protocol/frame.js';
import type { WorkerMessage } from '../../shared/protocol/messages.js';
import { Random } from '../../shared/random.js';
import { frame, type Heard, honest } from './messages.js';
import { hostileMessage } from './mutations.js';
import { broken, HANDSHAKE, inPieces, message, ping, ServerReader } from './websocket-bytes.js';

/** How far it goes before its first hostile message, and how often. */
const STAGES = ['connected', 'joined', 'ready', 'holding', 'contributing', 'contributed'] as const;
const WEIGHTS = [25, 25, 10, 34, 4, 2];
/** Number of the ping whose answer says that it counts as one of the workers. */
const ARRIVED = 1;
export type Stage = (typeof STAGES)[number];

export interface HostileOptions {
  port: number;
  seed: number;
  connection: number;
  /** `worker`: trusted. */
  tokens: { volunteer: string; worker: string };
  elements: number;
}

export interface Ending {
  stage: Stage;
  /** The code with which the coordinator has closed it; undefined: it has gone itself. */
  code: number | undefined;
}

/** @throws Error if the coordinator ends the connection without a word, or says what is no protocol */
export function attack(options: HostileOptions): Promise<Ending> {
  return new Hostile(options).run();
}

class Hostile {
  private readonly random: Random;
  private readonly heard: Heard;
  private readonly isTrusted: boolean;
  private readonly stage: Stage;
  private readonly socket: Socket;
  private readonly reader = new ServerReader();
  private readonly seen = { welcome: false, weights: false, progress: 0, pong: 0 };
  private code: number | undefined;
  private isOver = false;
  private failure: Error | undefined;
  private wake: () => void = () => undefined;

  constructor({ port, seed, connection, tokens, elements }: HostileOptions) {
    this.random = new Random(seed, connection);
    // A few are trusted: then all that could count is left out, and all that must be refused is not.
    this.isTrusted = this.random.below(8) === 0;
    const token = this.isTrusted ? tokens.worker : tokens.volunteer;
    this.heard = { token, name: `hostile ${connection}`, lease: undefined, version: 0, elements };
    this.stage = this.drawStage();
    this.socket = connect(port, '127.0.0.1').setNoDelay(true);
    this.socket.on('data', (bytes) => this.received(bytes));
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => this.over());
    this.socket.write(HANDSHAKE);
  }

  async run(): Promise<Ending> {
    if (await this.arrive()) await this.attack();
    const { stage, code, failure, socket, isOver } = this;
    if (!isOver) this.leave();
    else socket.destroy();
    if (failure) throw failure;
    if (isOver && code === undefined) throw new Error(`closed without a code, ${stage}`);
    return { stage, code };
  }

  /** Does what an honest worker does until the stage is reached. @returns whether it was */
  private async arrive(): Promise<boolean> {
    const { seen, heard } = this;
    const to = STAGES.indexOf(this.stage);
    if (to >= 1) {
      this.say('join');
      if (!(await this.until(() => seen.welcome))) return false;
    }
    if (to >= 2) {
      this.say('ready');
      if (!(await this.until(() => seen.weights))) return false;
    }
    if (to >= 3) {
      this.say('holding');
      this.write(ping(ARRIVED));
      if (!(await this.until(() => seen.pong === ARRIVED))) return false;
    }
    if (to >= 4) {
      // There may be no lease for it: then it goes on without, once it has heard how the run goes.
      const { progress } = seen;
      if (!(await this.until(() => heard.lease !== undefined || seen.progress > progress))) return false;
      if (heard.lease) this.say('contribution');
    }
    if (to >= 5 && heard.lease && !this.isTrusted) this.write(message(frame(heard, this.random)));
    return true;
  }

  private async attack(): Promise<void> {
    const { random, seen } = this;
    const bursts = 1 + random.below(4);
    for (let burst = ARRIVED + 1; burst <= ARRIVED + bursts && !this.isOver; burst++) {
      const parts = Array.from({ length: 1 + random.below(12) }, () => this.part());
      // The answer to a ping says that all before it was read.
      this.write(Buffer.concat([...parts, ping(burst)]));
      await this.until(() => seen.pong === burst);
    }
    // Now and then it falls silent, and must be sent away.
    if (random.below(1000) === 0) await this.until(() => false);
  }

  private part(): Buffer {
    const { random, heard } = this;
    let bytes = hostileMessage(heard, random);
    while (this.isTrusted && mayCount(bytes, heard)) bytes = hostileMessage(heard, random);
    const kind = random.below(100);
    if (kind < 2) return broken(bytes, random);
    return kind < 6 ? inPieces(bytes, random) : message(bytes);
  }

  private leave(): void {
    const { random, socket } = this;
    const kind = random.below(4);
    if (kind === 0) socket.resetAndDestroy();
    // In the middle of a message.
    else if (kind === 1) socket.end(message(new Uint8Array(50)).subarray(0, 1 + random.below(40)));
    else if (kind === 2) socket.end(broken(new Uint8Array(3), random));
    else socket.end();
    socket.destroySoon();
  }

  private say(type: WorkerMessage['type']): void {
    this.write(message(encode(honest(type, this.heard, this.random))));
  }

  private write(bytes: Buffer): void {
    if (!this.isOver) this.socket.write(bytes);
  }

  private received(bytes: Buffer): void {
    try {
      for (const told of this.reader.read(bytes)) {
        if (told.kind === 'pong') this.seen.pong = Math.max(this.seen.pong, told.number);
        else if (told.kind === 'message') this.hear(told.payload);
        else {
          this.code = told.code;
          this.over();
        }
      }
    } catch (error) {
      this.failure = error as Error;
      this.over();
    }
    this.wake();
  }

  private hear(bytes: Buffer): void {
    const { seen, heard } = this;
    if (isFrame(bytes)) {
      seen.weights = true;
      heard.version = readFrame(bytes).step;
      return;
    }
    const told = decodeCoordinatorMessage(bytes);
    if (told.type === 'welcome') seen.welcome = true;
    else if (told.type === 'lease') heard.lease = told;
    else if (told.type === 'progress') seen.progress++;
  }

  private over(): void {
    this.isOver = true;
    this.wake();
  }

  /** @returns whether it came true, before the connection was closed */
  private async until(isTrue: () => boolean): Promise<boolean> {
    while (!isTrue() && !this.isOver) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    return !this.isOver;
  }

  private drawStage(): Stage {
    let left = this.random.below(WEIGHTS.reduce((sum, weight) => sum + weight));
    return STAGES[WEIGHTS.findIndex((weight) => (left -= weight) < 0)]!;
  }
}

/**
 * Whether it could change the result if it came from somebody who is believed: a chunk of the right length, or sums
 * that are no numbers, of which two in a row end a run.
 */
function mayCount(bytes: Uint8Array, { elements }: Heard): boolean {
  try {
    if (isFrame(bytes)) return readFrame(bytes).body.length === 4 * elements && bytes.length > HEADER_BYTES;
    const told = decodeWorkerMessage(bytes);
    return told.type === 'contribution' && !(Number.isFinite(told.loss) && Number.isFinite(told.metric));
  } catch {
    return false;
  }
}
