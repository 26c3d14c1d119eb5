/**
 * A member of a simulated swarm: what it costs itself is little, and happens where nothing is timed. What it is sent waits
 * in it until it is asked what it makes of that.
 */

import { OPEN_GUARD } from '../../coordinator/server/access/connection-guard.js';
import { serveConnection } from '../../coordinator/server/connection.js';
import type { ServerSocket, SocketEvents } from '../../coordinator/server/sockets/server-socket.js';
import type { Swarm } from '../../coordinator/workers/swarm.js';
import { decodeCoordinatorMessage, encode } from '../../shared/protocol/codec.js';
import { FRAME_CONTRIBUTION, HEADER_BYTES, writeHeader } from '../../shared/protocol/frame.js';
import {
  type Cancel,
  type Lease,
  PROTOCOL_VERSION,
  type WorkerMessage,
} from '../../shared/protocol/messages.js';

/** What a member says at a time of its own, in milliseconds: messages, one after the other. */
export interface Said {
  at: number;
  by: Member;
  messages: Uint8Array[];
  /** It has been told meanwhile that nobody needs it. */
  isVoid?: boolean;
}

interface Task {
  step: number;
  node: number;
  answer: Said;
}

export class Member implements ServerSocket {
  frames = 0;
  messages = 0;
  closed = '';
  private events: SocketEvents | undefined;
  private inbox: Uint8Array[] = [];
  private tasks: Task[] = [];
  private freeAt = 0;

  /** @param speed samples a second */
  constructor(
    swarm: Swarm,
    readonly name: string,
    private readonly speed: number,
    /** Elements of the gradient, in one chunk. */
    private readonly elements: number,
  ) {
    serveConnection(this, swarm, OPEN_GUARD);
  }

  isOpen(): boolean {
    return this.closed === '';
  }

  bufferedBytes(): number {
    return 0;
  }

  send(bytes: Uint8Array, sent: () => void): void {
    this.messages++;
    this.inbox.push(bytes);
    sent();
  }

  sendFrame(_header: Uint8Array, _body: Uint8Array, sent: () => void): void {
    this.frames++;
    queueMicrotask(sent);
  }

  close(code: number, reason: string): void {
    this.closed = `${code} ${reason}`;
    this.events?.closed(code, reason);
  }

  listen(events: SocketEvents): void {
    this.events = events;
  }

  arrive(): void {
    this.say({ type: 'join', protocol: PROTOCOL_VERSION, name: this.name, kind: 'node' });
    this.say({ type: 'ready', engine: 'idle', engineClass: 'idle@1', reason: 'computes nothing' });
    this.say({ type: 'synced', version: 0 });
    this.inbox = [];
  }

  private say(message: WorkerMessage): void {
    this.hand(encode(message).slice());
  }

  /** The coordinator receives a message. */
  hand(bytes: Uint8Array): void {
    if (!this.events || this.closed) return;
    if (bytes.length > HEADER_BYTES && bytes[0]! < 0x80) {
      const [head, rest] = [bytes.subarray(0, HEADER_BYTES), bytes.subarray(HEADER_BYTES)];
      const place = this.events.place(head);
      if (place instanceof Uint8Array && place.length >= rest.length) {
        place.set(rest);
        return this.events.received(head, true, place.subarray(0, rest.length));
      }
    }
    this.events.received(bytes, true);
  }

  /** It vanishes. */
  leave(): void {
    this.closed = 'gone';
    this.events?.closed(1006, '');
  }

  /** Reads what it was sent. @returns what it says to that */
  react(now: number): Said[] {
    const inbox = this.inbox;
    if (inbox.length === 0) return [];
    this.inbox = [];
    return inbox.flatMap((bytes) => {
      const message = decodeCoordinatorMessage(bytes);
      if (message.type === 'lease') return [this.begin(message, now)];
      return message.type === 'cancel' ? this.letGo(message, now) : [];
    });
  }

  private begin({ step, node, bounds }: Lease, now: number): Said {
    const samples = bounds.at(-1)! - bounds[0]!;
    const computeMs = (1000 * samples) / this.speed;
    this.freeAt = Math.max(now, this.freeAt) + computeMs;
    const sums = { samples, loss: samples, metric: 0, computeMs, waitMs: 0 };
    const frame = new Uint8Array(HEADER_BYTES + 4 * this.elements);
    writeHeader(frame, { type: FRAME_CONTRIBUTION, step, node, chunk: 0 }, 4 * this.elements);
    const messages = [encode({ type: 'contribution', step, node, ...sums }).slice(), frame];
    const answer = { at: this.freeAt, by: this, messages };
    this.tasks = this.tasks.filter(({ answer }) => answer.at > now);
    this.tasks.push({ step, node, answer });
    return answer;
  }

  private letGo({ step, node = 0 }: Cancel, now: number): Said[] {
    const task = this.tasks.find((one) => one.step === step && one.node === node);
    if (!task || task.answer.at <= now) return [];
    task.answer.isVoid = true;
    this.freeAt = now;
    return [{ at: now, by: this, messages: [encode({ type: 'dropped', step, node }).slice()] }];
  }
}
