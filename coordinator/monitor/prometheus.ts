/**
 * `GET /metrics`: how the run goes, in Prometheus' text format. Read from the status when it is asked for;
 * only the times of steps are counted as they happen. Labels have few values: workers have no names here, nor has the
 * run, since a coordinator leads one: Prometheus' own label `instance` tells coordinators apart.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { isOver, type Status } from '../../shared/status/status.js';
import type { ServerCounts } from './server-counts.js';

/** Seconds: from small models on one machine to large ones over slow lines. */
const STEP_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120];

/** From the first lease of a step to its last chunk: the one figure that is counted as it happens. */
export const stepDurations = (): Histogram =>
  new Histogram({
    name: 'swarmgrad_step_duration_seconds',
    help: 'From the first lease of a step to its last chunk.',
    buckets: STEP_BUCKETS,
    registers: [],
  });

export class Metrics {
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE;
  private readonly registry = new Registry();
  /** Of the request in hand. */
  private now: Status | undefined;

  /**
   * @param status gives that of the run, now
   * @param counts of the server
   */
  constructor(
    private readonly status: () => Status,
    private readonly counts: ServerCounts,
    stepSeconds: Histogram,
    /** Where weights travel as changes. */
    weights: { keyframes: number; differed: number },
  ) {
    this.registry.registerMetric(stepSeconds);
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
    this.counter(
      'weights_whole_total',
      'Times that a worker was sent all weights, where changes are sent.',
      [],
      (add) => add({}, weights.keyframes),
    );
    this.counter(
      'weights_differed_total',
      'Times that a worker held other weights than it was sent.',
      [],
      (add) => add({}, weights.differed),
    );
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
    this.gauge('checkpoint_step', 'Of the newest checkpoint.', [], (set, { checkpoint }) => {
      set({}, checkpoint.step ?? Number.NaN);
    });
    this.gauge(
      'checkpoint_age_seconds',
      'Since the newest checkpoint was written, or this start went on with it.',
      [],
      (set, { checkpoint }) => {
        set({}, checkpoint.secondsAgo ?? Number.NaN);
      },
    );
    this.counter(
      'checkpoint_failures_total',
      'Checkpoints that could not be written.',
      [],
      (add, { checkpoint }) => add({}, checkpoint.failures),
    );
    this.gauge('run_over', '1 once the run has ended.', [], (set, { state }) =>
      set({}, isOver(state) ? 1 : 0),
    );
    this.gauge('open_connections', 'Open now.', ['kind'], (set) => {
      set({ kind: 'websocket' }, this.counts.open.websockets());
      set({ kind: 'events' }, this.counts.open.streams());
    });
    this.gauge('memory_bytes', 'Of the process: resident memory.', [], (set) =>
      set({}, process.memoryUsage.rss()),
    );
  }

  text(): Promise<string> {
    // Once for all figures: it has a row for each worker.
    this.now = this.status();
    return this.registry.metrics();
  }

  private counter(name: string, help: string, labelNames: string[], read: Read): void {
    const status = () => this.now!;
    new Counter({
      name: `swarmgrad_${name}`,
      help,
      labelNames,
      registers: [this.registry],
      collect() {
        this.reset();
        read((labels, value) => this.inc(labels, value), status());
      },
    });
  }

  private gauge(name: string, help: string, labelNames: string[], read: Read): void {
    const status = () => this.now!;
    new Gauge({
      name: `swarmgrad_${name}`,
      help,
      labelNames,
      registers: [this.registry],
      collect() {
        this.reset();
        read((labels, value) => this.set(labels, value), status());
      },
    });
  }
}

/** Tells the values by `tell`, from the status of now. */
type Read = (tell: (labels: Record<string, string>, value: number) => void, status: Status) => void;
