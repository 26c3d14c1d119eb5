/**
 * `GET /api/live`: server-sent events for pages that watch. First a greeting and the events so far, then
 * the status about twice a second, changed or not, so that a page knows that it still hears; and new events.
 *
 * A page that does not keep up is cut off: nothing queues for it without bound, and it comes back by itself.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Role } from '../../../shared/protocol/roles.js';
import { messageOf } from '../../../shared/user-error.js';
import { shownStatus } from '../../monitor/status/worker-rows.js';
import type { RunView } from '../../monitor/views.js';
import { MAX_STREAMS_PER_ADDRESS, OpenCount } from '../network/limits.js';
import { answerText } from './answer.js';
import { type Dashboard, greetingOf, runOf } from './dashboard.js';

const STREAM = 'text/event-stream';
const TICK_MS = 500;
/** A status of more workers is longer, and sent half as often. */
const MANY_WORKERS = 50;
const MAX_CLIENTS = 200;
const MAX_BUFFERED_BYTES = 1 << 20;
/** How long a server that ends lets pages fetch the last results. */
const GRACE_MS = 1500;
/** ...and how long their connections may take to end. */
const END_MS = 500;

interface Client {
  response: ServerResponse;
  run: RunView;
  nextEvent: number;
}

export class LiveFeed {
  private readonly clients = new Set<Client>();
  private readonly open = new OpenCount(MAX_CLIENTS, MAX_STREAMS_PER_ADDRESS);
  private timer: NodeJS.Timeout | undefined;
  private ticks = 0;

  /** @param warn told of a status that failed, which is a defect, and must not end the run */
  constructor(
    private readonly dashboard: Dashboard,
    private readonly warn: (text: string) => void = () => undefined,
  ) {}

  /** Pages that watch now. */
  get size(): number {
    return this.clients.size;
  }

  /** @param address of the visitor */
  serve(request: IncomingMessage, response: ServerResponse, roles: readonly Role[], address: string): void {
    const run = runOf(this.dashboard.runs, request);
    if (!run) return answerText(response, 404, 'no such run\n');
    if (request.method === 'HEAD') return answerText(response, 200, '', STREAM);
    const release = this.open.open(address);
    if (!release) return answerText(response, 503, 'too many pages are watching\n');
    response.writeHead(200, { 'Content-Type': STREAM, 'Cache-Control': 'no-store' });
    const client: Client = { response, run, nextEvent: 0 };
    this.clients.add(client);
    response.on('close', () => {
      this.clients.delete(client);
      release();
    });
    this.send(client, 'greeting', JSON.stringify(greetingOf(this.dashboard, request, roles)));
    this.tell(client, JSON.stringify(shownStatus(run.status())));
    this.timer ??= setInterval(() => this.tick(), TICK_MS).unref();
  }

  /** Tells the last state, and ends; resolves when all have gone, or after a moment. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    this.ticks = 0;
    this.tick();
    if (this.clients.size === 0) return;
    for (const client of this.clients) this.send(client, 'end', '{}');
    await this.allGone(GRACE_MS);
    for (const { response } of this.clients) response.end();
    await this.allGone(END_MS);
  }

  private async allGone(withinMs: number): Promise<void> {
    const gone = [...this.clients].map(
      ({ response }) => new Promise((resolve) => response.on('close', resolve)),
    );
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, withinMs);
    });
    await Promise.race([Promise.all(gone), late]);
    clearTimeout(timer);
  }

  private tick(): void {
    this.ticks++;
    if (this.clients.size === 0) {
      clearInterval(this.timer);
      this.timer = undefined;
      return;
    }
    try {
      this.tellAll();
    } catch (error) {
      this.warn(`the pages that watch were cut off: ${messageOf(error)}`);
      for (const { response } of this.clients) response.destroy();
    }
  }

  private tellAll(): void {
    const statuses = new Map<RunView, string>();
    for (const client of this.clients) {
      const { run } = client;
      if (!statuses.has(run)) {
        const status = run.status();
        const skipped = status.workers.length > MANY_WORKERS && this.ticks % 2 === 1;
        statuses.set(run, skipped ? '' : JSON.stringify(shownStatus(status)));
      }
      this.tell(client, statuses.get(run)!);
    }
  }

  private tell(client: Client, status: string): void {
    if (client.response.writableLength > MAX_BUFFERED_BYTES) {
      client.response.destroy();
      return;
    }
    const events = client.run.monitor.events.from(client.nextEvent);
    client.nextEvent = (events.at(-1)?.id ?? client.nextEvent - 1) + 1;
    if (events.length > 0) this.send(client, 'events', JSON.stringify(events));
    if (status) this.send(client, 'status', status);
  }

  /** JSON has no line breaks: one line of data is one message. */
  private send({ response }: Client, event: string, data: string): void {
    response.write(`event: ${event}\ndata: ${data}\n\n`);
  }
}
