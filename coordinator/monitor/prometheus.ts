/**
 * `GET /metrics`: how the run goes, in Prometheus' text format. Read from the status when it is asked for;
 * only the times of steps are counted as they happen. Labels have few values: workers have no names here.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { isOver, type Status } from '../../shared/status.js';
import { ServerCounts } from '../server/counts.js';

/** Seconds: from small models on one machine to large ones over slow lines. */
const STEP_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120];

export class Metrics {
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE;
  /** For the server to count in. */
  readonly counts = new ServerCounts();
  private readonly registry = new Registry();
  private readonly steps: Histogram;
  private source: (() => Status) | undefined;

  constructor() {
    const registers = [this.registry];
    this.steps = new Histogram({
      name: 'swarmgrad_step_duration_seconds',
      help: 'From the first lease of a step to its last chunk.',
      buckets: STEP_BUCKETS,
      registers,
    });
    this.counter('steps_total', 'Updates of the weights.', [], (add, { step }) => add({}, step));
    this.counter('samples_total', 'Samples trained.', [], (add, { samplesTrained }) =>
      add({}, samplesTrained),
    );
    this.counter(
      'bytes_total',
      'Payload of WebSockets, seen from the coordinator.',
      ['direction'],
      (add, { bytes }) => {
        add({ direction: 'sent' }, bytes.down);
        add({ direction: 'received' }, bytes.up);
      },
    );
    this.counter('shards_total', 'What became of leased shards.', ['outcome'], (add, { shards }) => {
      const { counted, reissued, rejected, duplicates } = shards;
      for (const [outcome, value] of Object.entries({ counted, reissued, rejected, duplicates }))
        add({ outcome }, value);
    });
    this.counter(
      'connections_refused_total',
      'Connections closed or refused, by reason.',
      ['reason'],
      (add) => {
        for (const [reason, value] of this.counts.closed) add({ reason }, value);
      },
    );
    this.counter('messages_total', "Workers' messages and frames that were read.", ['sender'], (add) => {
      for (const [sender, value] of this.counts.messages) add({ sender }, value);
    });
    this.counter('http_responses_total', 'Answers over HTTP.', ['code'], (add) => {
      for (const [code, value] of this.counts.answered) add({ code: String(code) }, value);
    });
    this.gauge('workers', 'Workers that are connected.', ['state', 'kind', 'role'], (set, { workers }) => {
      const groups = new Map<string, { labels: Record<string, string>; value: number }>();
      for (const { state, kind, role } of workers) {
        const key = [state, kind, role].join();
        groups.set(key, { labels: { state, kind, role }, value: (groups.get(key)?.value ?? 0) + 1 });
      }
      for (const { labels, value } of groups.values()) set(labels, value);
    });
    this.gauge('loss', 'Training loss of the latest step, per sample.', [], (set, { loss }) => {
      if (loss !== null) set({}, loss);
    });
    this.gauge('samples_per_second', 'Over the last few seconds.', [], (set, { samplesPerSecond }) =>
      set({}, samplesPerSecond),
    );
    this.gauge('run_over', '1 once the run has ended.', [], (set, { state }) =>
      set({}, isOver(state) ? 1 : 0),
    );
    this.gauge('open_connections', 'Open now.', ['kind'], (set) => {
      set({ kind: 'websocket' }, this.counts.sockets());
      set({ kind: 'events' }, this.counts.streams());
    });
    this.gauge('memory_bytes', 'Of the process: resident memory.', [], (set) =>
      set({}, process.memoryUsage.rss()),
    );
  }

  /** @param status of the run that is shown from now on */
  watch(status: () => Status): void {
    this.source = status;
  }

  stepped(ms: number): void {
    this.steps.observe(ms / 1000);
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }

  private counter(name: string, help: string, labelNames: string[], read: Read): void {
    const source = () => this.source?.();
    new Counter({
      name: `swarmgrad_${name}`,
      help,
      labelNames,
      registers: [this.registry],
      collect() {
        this.reset();
        const status = source();
        if (status) read((labels, value) => this.inc(labels, value), status);
      },
    });
  }

  private gauge(name: string, help: string, labelNames: string[], read: Read): void {
    const source = () => this.source?.();
    new Gauge({
      name: `swarmgrad_${name}`,
      help,
      labelNames,
      registers: [this.registry],
      collect() {
        this.reset();
        const status = source();
        if (status) read((labels, value) => this.set(labels, value), status);
      },
    });
  }
}

/** Tells the values by `tell`, from the status of now. */
type Read = (tell: (labels: Record<string, string>, value: number) => void, status: Status) => void;
