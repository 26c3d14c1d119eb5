/**
 * What a run under way shows to those who watch: curves, events, the last steps, the model. The conductor
 * tells it what happens; whatever it keeps is bounded, and nothing here can hold the run up.
 */
import type { Clock } from '../../shared/clock.js';
import type { EvaluationTotals } from '../../shared/evaluation-parts.js';
import { type Layout, layoutOf } from '../../shared/layout.js';
import { metricOf } from '../../shared/losses.js';
import {
  BYTES_PER_ELEMENT,
  elementsOf,
  type Manifest,
  recordArrayOf,
  recordBytes,
} from '../../shared/manifest.js';
import type { ModelDescription } from '../../shared/models/description.js';
import type { Change, Mistake, ModelView, ShownMistake } from '../../shared/monitoring.js';
import type { ObjectStore } from '../data/store.js';
import type { Pipeline } from '../update/pipeline.js';
import type { EventList } from './event-list.js';
import { Sampler } from './histograms.js';
import { History } from './history.js';
import { type ContributionTimes, Timeline } from './timeline.js';

/** Gradients are sampled at one step in so many milliseconds. */
const SAMPLE_EVERY_MS = 2000;

export interface MonitorOptions {
  clock: Clock;
  description: ModelDescription;
  test: Manifest;
  objects: ObjectStore;
  pipeline: Pipeline;
  events: EventList;
  /** Hears how long each step took, in milliseconds. */
  stepped?(ms: number): void;
}

export class Monitor {
  readonly history: History;
  readonly timeline = new Timeline();
  private readonly layout: Layout;
  private readonly sampler: Sampler;
  private gradients: { step: number; samples: Float32Array } | undefined;
  private sampledAt = Number.NEGATIVE_INFINITY;
  private latest: ModelView['evaluation'] = null;

  constructor(private readonly options: MonitorOptions) {
    this.layout = layoutOf(options.description.weights);
    this.sampler = new Sampler(this.layout);
    this.history = new History(metricOf(options.description.loss));
    this.tap(0);
  }

  get events(): EventList {
    return this.options.events;
  }

  contribution(times: ContributionTimes): void {
    this.timeline.contribution(times);
  }

  step(entry: Parameters<History['step']>[0]): void {
    const now = this.options.clock.now();
    this.history.step(entry);
    const ms = this.timeline.stepped(entry.step, now);
    if (ms !== undefined) this.options.stepped?.(ms);
    if (now - this.sampledAt >= SAMPLE_EVERY_MS) this.tap(entry.step);
    else this.options.pipeline.onGradient = undefined;
  }

  evaluation(entry: Parameters<History['evaluation']>[0], totals: EvaluationTotals): void {
    this.history.evaluation(entry);
    this.latest = {
      step: entry.step,
      confusion: totals.confusion ? Array.from(totals.confusion) : null,
      mistakes: (totals.mistakes ?? []).map((mistake) => this.shown(mistake)),
    };
  }

  model(): ModelView {
    const { description, test, pipeline } = this.options;
    const weights = this.sampler.allocate();
    const { weights: versioned } = pipeline;
    for (let chunk = 0; chunk < versioned.chunks; chunk++)
      this.sampler.take(chunk, versioned.reading(chunk), weights);
    return {
      ...modelViewOf(description, test),
      evaluation: this.latest,
      histograms: {
        step: versioned.version,
        weights: this.sampler.histograms(weights, this.gradients?.samples),
      },
    };
  }

  change(change: Change): void {
    this.history.changes.push(change);
  }

  /** Samples the gradient of the step that begins now. */
  private tap(step: number): void {
    const samples = this.sampler.allocate();
    this.sampledAt = this.options.clock.now();
    this.options.pipeline.onGradient = (chunk, gradient) => {
      this.sampler.take(chunk, gradient, samples);
      this.gradients = { step, samples };
    };
  }

  /** With what the record shows, read from the store. */
  private shown(mistake: Mistake): ShownMistake {
    const { test, objects } = this.options;
    const bytesPerRecord = recordBytes(test);
    const xBytes = elementsOf(test.x) * BYTES_PER_ELEMENT[test.x.dtype];
    const chunk = test.chunks[Math.floor(mistake.record / test.recordsPerChunk)];
    const bytes = chunk && objects.get(chunk.sha256);
    if (!bytes) return { ...mistake, actual: -1, x: null };
    const at = (mistake.record % test.recordsPerChunk) * bytesPerRecord;
    const y = Uint8Array.from(bytes.subarray(at + xBytes, at + bytesPerRecord));
    return {
      ...mistake,
      actual: recordArrayOf(test.y.dtype, y)[0]!,
      x: isPicture(test.x.shape) ? bytes.subarray(at, at + xBytes).toString('base64') : null,
    };
  }
}

/** What of a model's view its description and its data tell. */
export function modelViewOf(
  description: ModelDescription,
  { x, y, label, normalisation }: Pick<Manifest, 'x' | 'y' | 'label' | 'normalisation'>,
): ModelView {
  const { total, trainable } = layoutOf(description.weights);
  const { name, loss, layers } = description;
  return {
    name,
    loss,
    metric: metricOf(loss),
    parameters: total,
    trainable,
    layers,
    x,
    y,
    label,
    normalisation,
    evaluation: null,
    histograms: null,
  };
}

const isPicture = (shape: readonly number[]) =>
  (shape.length === 2 || (shape.length === 3 && [1, 3].includes(shape[2]!))) &&
  Math.min(shape[0]!, shape[1]!) > 1;
