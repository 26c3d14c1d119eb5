/** A hostile connection over a real socket, whose WebSocket frames are now and then broken themselves. */
import { connect, type Socket } from 'node:net';
import type { Random } from '../../../shared/numerics/random.js';
import type { Line } from './hostile.js';
import { broken, HANDSHAKE, inPieces, message, ping, ServerReader } from './websocket-bytes.js';

export class SocketLine implements Line {
  closed: Line['closed'];
  private readonly socket: Socket;
  private readonly reader = new ServerReader();
  private pings = 0;
  private pong = 0;
  private failure: Error | undefined;
  private wake: () => void = () => undefined;

  constructor(
    port: number,
    private readonly random: Random,
    private readonly hear: (message: Uint8Array) => void,
  ) {
    this.socket = connect(port, '127.0.0.1').setNoDelay(true);
    this.socket.on('data', (bytes) => this.received(bytes));
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => this.over(undefined));
    this.socket.write(HANDSHAKE);
  }

  /** Honest ones as they are, for they come alone; some of the others in pieces, or in broken frames. */
  async send(messages: readonly Uint8Array[]): Promise<void> {
    if (this.closed) return;
    const parts = messages.map((bytes) => {
      const kind = messages.length === 1 ? 100 : this.random.below(100);
      if (kind < 2) return broken(bytes, this.random);
      return kind < 6 ? inPieces(bytes, this.random) : message(bytes);
    });
    // Its answer says that all before it was read.
    const last = ++this.pings;
    this.socket.write(Buffer.concat([...parts, ping(last)]));
    await this.until(() => this.pong === last);
  }

  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue() && !this.closed) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    if (this.failure) throw this.failure;
  }

  leave(): void {
    const { random, socket } = this;
    const kind = this.closed ? 4 : random.below(4);
    if (kind === 0) socket.resetAndDestroy();
    // In the middle of a message.
    else if (kind === 1) socket.end(message(new Uint8Array(50)).subarray(0, 1 + random.below(40)));
    else if (kind === 2) socket.end(broken(new Uint8Array(3), random));
    socket.destroySoon();
  }

  private received(bytes: Buffer): void {
    try {
      for (const told of this.reader.read(bytes)) {
        if (told.kind === 'pong') this.pong = Math.max(this.pong, told.number);
        else if (told.kind === 'message') this.hear(told.payload);
        else this.over(told.code);
      }
    } catch (error) {
      this.failure = error as Error;
      this.over(undefined);
    }
    this.wake();
  }

  private over(code: number | undefined): void {
    this.closed ??= { code };
    this.wake();
  }
}
