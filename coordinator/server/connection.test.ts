/** A worker's connection whose socket reads a body where it is told to, when it is told to. */
import { describe, expect, it } from 'vitest';
import { layoutOf } from '../../shared/numerics/layout.js';
import { CLOSE } from '../../shared/protocol/close-codes.js';
import { encode } from '../../shared/protocol/codec.js';
import { FRAME_CONTRIBUTION, HEADER_BYTES, writeHeader } from '../../shared/protocol/frame.js';
import { PROTOCOL_VERSION, type WorkerMessage } from '../../shared/protocol/messages.js';
import { ManualClock } from '../../test/support/simulation/memory-network.js';
import { testCore } from '../../test/support/simulation/test-run.js';
import { mostLandings } from '../update/kernels/landing.js';
import type { Swarm } from '../workers/swarm.js';
import { serveConnection } from './connection.js';
import type { ServerSocket, SocketEvents } from './sockets/server-socket.js';

const ELEMENTS = 128 << 10;
const BYTES = 4 * ELEMENTS;

class HeldSocket implements ServerSocket {
  readonly told: string[] = [];
  private events!: SocketEvents;
  isOpen = () => true;
  bufferedBytes = () => 0;
  send = () => undefined;
  sendFrame = () => undefined;

  constructor(swarm: Swarm, name: string) {
    serveConnection(this, swarm);
    this.say({ type: 'join', protocol: PROTOCOL_VERSION, name, kind: 'node' });
    this.say({ type: 'ready', engine: 'idle', engineClass: 'idle@1', reason: 'computes nothing' });
    this.say({ type: 'synced', version: 0 });
  }

  private say(message: WorkerMessage): void {
    this.events.received(encode(message).slice(), true);
  }

  listen(events: SocketEvents): void {
    this.events = events;
  }

  named(place: Uint8Array | undefined): void {
    this.told.push(place ? `${place.length} bytes` : 'copied');
  }

  close(code: number): void {
    this.told.push(`closed ${code}`);
  }

  /** The header of a gradient comes. */
  asks(): string {
    const header = new Uint8Array(HEADER_BYTES);
    writeHeader(header, { type: FRAME_CONTRIBUTION, step: 0, node: 1, chunk: 0 }, BYTES);
    const place = this.events.place(header);
    return place instanceof Uint8Array ? `${place.length} bytes` : `${place}`;
  }

  ends(): void {
    this.events.closed(1006, '');
  }
}

function setup(waiting: number) {
  const clock = new ManualClock();
  const layout = layoutOf([{ name: 'w', shape: [ELEMENTS], trainable: true }]);
  const { swarm, pipeline } = testCore({ layout, shardSamples: 1, clock });
  pipeline.begin(() => 1, 0.1);
  const all = Array.from({ length: mostLandings(BYTES) + waiting }, (_, i) => new HeldSocket(swarm, `w${i}`));
  const answers = all.map((socket) => socket.asks());
  return { clock, swarm, all, answers, held: all.slice(-waiting), reading: all.slice(0, -waiting) };
}

describe('a connection that has a gradient to send', () => {
  it('is read once a place is free, which another leaves as it ends', () => {
    const { answers, reading, held } = setup(2);
    const placed = reading.map(() => `${BYTES} bytes`);
    expect(answers).toEqual([...placed, 'later', 'later']);
    reading[3]!.ends();
    expect(held.map(({ told }) => told)).toEqual([[`${BYTES} bytes`], []]);
    held[0]!.ends();
    expect(held[1]!.told).toEqual([`${BYTES} bytes`]);
  });

  it('waits no more once it has ended', () => {
    const { reading, held } = setup(2);
    held[0]!.ends();
    reading[0]!.ends();
    expect(held.map(({ told }) => told)).toEqual([[], [`${BYTES} bytes`]]);
  });

  it('is read to its end where it is sent away, for its last word', () => {
    const { swarm, reading, held } = setup(1);
    const worker = swarm.active().at(-1)!;
    swarm.disconnections.refuse(worker, 'banned', 'a test');
    expect(held[0]!.told).toEqual(['copied', `closed ${CLOSE.banned.code}`]);
    reading[0]!.ends();
    expect(held[0]!.told).toHaveLength(2);
  });

  it('is not taken to be silent while it waits, and waits for a second where nobody else gets on', () => {
    const { clock, swarm, held } = setup(1);
    const worker = swarm.active().at(-1)!;
    clock.time = 990;
    swarm.look();
    swarm.sweep();
    expect([worker.lastHeard, held[0]!.told]).toEqual([990, []]);
    clock.time = 1000;
    swarm.look();
    expect(held[0]!.told).toEqual(['copied']);
  });
});
