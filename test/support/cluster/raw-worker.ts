/** A worker without an engine, that says what the test tells it to: for breaking the protocol. */
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { decodeCoordinatorMessage, encode } from '../../../shared/protocol/codec.js';
import {
  FRAME_CONTRIBUTION,
  HEADER_BYTES,
  isFrame,
  readFrame,
  writeHeader,
} from '../../../shared/protocol/frame.js';
import {
  type CoordinatorMessage,
  type Lease,
  PROTOCOL_VERSION,
  type Welcome,
  type WorkerMessage,
} from '../../../shared/protocol/messages.js';

type OfType<T extends CoordinatorMessage['type']> = Extract<CoordinatorMessage, { type: T }>;

export class RawWorker {
  private readonly waiting: CoordinatorMessage[] = [];
  private wake: () => void = () => undefined;
  /** Chunks of weights that have come, by version. */
  readonly weights = new Map<number, number>();
  readonly closed: Promise<{ code: number; reason: string }>;
  private over = false;

  private constructor(readonly ws: WebSocket) {
    this.closed = new Promise((resolve) => {
      ws.on('close', (code, reason) => resolve({ code, reason: String(reason) }));
    });
    ws.on('message', (data) => {
      const bytes = data as Buffer;
      if (isFrame(bytes)) {
        const { step } = readFrame(bytes);
        this.weights.set(step, (this.weights.get(step) ?? 0) + 1);
      } else {
        this.waiting.push(decodeCoordinatorMessage(bytes));
      }
      this.wake();
    });
    ws.on('close', () => {
      this.over = true;
      this.wake();
    });
    ws.on('error', () => undefined);
  }

  static async connect(url: string, headers: Record<string, string> = {}): Promise<RawWorker> {
    const ws = new WebSocket(`${url.replace('http', 'ws')}/swarm`, { headers });
    const worker = new RawWorker(ws);
    onTestFinished(() => ws.terminate());
    await once(ws, 'open');
    return worker;
  }

  send(message: WorkerMessage | Record<string, unknown>): void {
    this.ws.send(encode(message as WorkerMessage));
  }

  /** The next message of this type; others before it are dropped. @throws if the connection closes first */
  async next<T extends CoordinatorMessage['type']>(type: T): Promise<OfType<T>> {
    for (;;) {
      const message = this.waiting.shift();
      if (message?.type === type) return message as OfType<T>;
      if (message) continue;
      if (this.over) throw new Error(`closed before ${type}: ${JSON.stringify(await this.closed)}`);
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  join(fields: Record<string, unknown> = {}): void {
    this.send({ type: 'join', protocol: PROTOCOL_VERSION, name: 'raw', kind: 'node', ...fields });
  }

  /** Joins, and says it has an engine: of the class that is demanded, if one is. */
  async ready(claimed?: string): Promise<Welcome> {
    this.join();
    const welcome = await this.next('welcome');
    const engineClass = claimed ?? (welcome.engineClass.includes('@') ? welcome.engineClass : 'raw@1');
    this.send({ type: 'ready', engine: 'raw', engineClass, reason: 'test' });
    return welcome;
  }

  /** ...and waits for its first lease. */
  async lease(): Promise<Lease> {
    await this.ready();
    while (this.weights.size === 0) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    this.send({ type: 'synced', version: [...this.weights.keys()][0]! });
    return this.next('lease');
  }

  /** Announces a contribution to `lease`. */
  announce(lease: Lease, fields: Record<string, unknown> = {}): void {
    const samples = lease.bounds.at(-1)! - lease.bounds[0]!;
    const { step, node } = lease;
    const sums = { samples, loss: 1, metric: 1, computeMs: 1, waitMs: 1 };
    this.send({ type: 'contribution', step, node, ...sums, ...fields });
  }

  frame(
    lease: Lease,
    body: Float32Array,
    fields: { chunk?: number; node?: number; step?: number } = {},
  ): void {
    const message = new Uint8Array(HEADER_BYTES + body.byteLength);
    const header = {
      type: FRAME_CONTRIBUTION,
      node: lease.node,
      step: lease.step,
      chunk: 0,
      ...fields,
    } as const;
    writeHeader(message, header, body.byteLength);
    message.set(new Uint8Array(body.buffer), HEADER_BYTES);
    this.ws.send(message);
  }
}
