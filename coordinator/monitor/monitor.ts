/**
 * What a run under way shows to those who watch: curves, events, the last steps, the model. The recorder
 * tells it what happens; everything that it keeps is bounded, and nothing here can hold the run up.
 */

import type { Clock } from '../../shared/clock.js';
import type { EvaluationTotals } from '../../shared/data/evaluation-parts.js';
import {
  BYTES_PER_ELEMENT,
  elementsOf,
  type Manifest,
  recordArrayOf,
  recordBytes,
} from '../../shared/data/manifest.js';
import type { ModelDescription } from '../../shared/models/description.js';
import { type Layout, layoutOf } from '../../shared/numerics/layout.js';
import { metricOf } from '../../shared/numerics/losses.js';
import { weightsOfModel } from '../../shared/numerics/rounds/round-layout.js';
import type {
  Change,
  Mistake,
  ModelView,
  ShownMistake,
  TimelineView,
} from '../../shared/status/monitoring.js';
import type { ObjectStore } from '../prepare/data/store.js';
import type { StoredView } from '../record/folder/view-file.js';
import type { Watcher } from '../record/recorder.js';
import type { ContributionTimes } from '../scheduling/contribution-times.js';
import type { Pipeline } from '../update/pipeline.js';
import type { History } from './curves/history.js';
import { Recalls } from './curves/recalls.js';
import type { EventLog } from './event-log.js';
import { Sampler } from './histograms.js';
import { stepDurations } from './prometheus.js';
import { Timeline } from './timeline.js';
import type { RunMonitor } from './views.js';

/** Gradients are sampled at one step in so many milliseconds. */
const SAMPLE_EVERY_MS = 2000;

export interface MonitorOptions {
  clock: Clock;
  description: ModelDescription;
  test: Manifest;
  objects: ObjectStore;
  pipeline: Pipeline;
  events: EventLog;
  /** Of earlier starts, and of what comes. */
  history: History;
}

export class Monitor implements RunMonitor, Watcher {
  readonly history: History;
  private readonly steps = new Timeline();
  readonly stepSeconds = stepDurations();
  private readonly layout: Layout;
  private readonly sampler: Sampler;
  private gradients: { step: number; samples: Float32Array } | undefined;
  private sampledAt = Number.NEGATIVE_INFINITY;
  /** Ends the sampling of the step in hand. */
  private untap: () => void = () => undefined;
  private latest: ModelView['evaluation'] = null;
  private readonly recalls: Recalls;

  constructor(private readonly options: MonitorOptions) {
    this.layout = layoutOf(options.description.weights);
    this.sampler = new Sampler(this.layout);
    this.history = options.history;
    this.recalls = new Recalls(options.test.label);
    this.tap(0);
  }

  get events(): EventLog {
    return this.options.events;
  }

  contribution(times: ContributionTimes): void {
    this.steps.contribution(times);
  }

  step(entry: Parameters<History['step']>[0]): void {
    const now = this.options.clock.now();
    this.history.step(entry);
    const ms = this.steps.stepped(entry.step, now);
    if (ms !== undefined) this.stepSeconds.observe(ms / 1000);
    if (now - this.sampledAt >= SAMPLE_EVERY_MS) this.tap(entry.step);
    else this.untap();
  }

  evaluation(entry: Parameters<History['evaluation']>[0], totals: EvaluationTotals): void {
    this.history.evaluation(entry);
    this.recalls.evaluation(entry.step, totals.confusion);
    this.finalTest(entry, totals);
  }

  /** Shown, and no part of the curve: that is of the validation set. */
  finalTest({ step }: { step: number }, totals: EvaluationTotals): void {
    this.latest = {
      step,
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
    this.sampler.takeFrozen(versioned.frozen, weights);
    return {
      ...modelViewOf(description, test),
      evaluation: this.latest,
      recalls: this.recalls.view(),
      histograms: {
        step: versioned.version,
        weights: this.sampler.histograms(weights, this.gradients?.samples),
      },
    };
  }

  /** What `view.json` keeps for those who look later. */
  view(): StoredView {
    return { model: this.model(), events: this.events.from(), timeline: this.timeline() };
  }

  timeline(): TimelineView {
    return this.steps.view();
  }

  network() {
    const { topology, weights } = this.options.description;
    return { topology, weights };
  }

  weights() {
    const { averaged, weights } = this.options.pipeline;
    const shown = averaged ?? weights;
    const { weights: specs } = this.options.description;
    return { version: shown.version, copy: () => weightsOfModel(shown.flat(), specs) };
  }

  change(change: Change): void {
    this.history.changes.push(change);
  }

  /** Samples the gradient of the step that begins now. */
  private tap(step: number): void {
    const samples = this.sampler.allocate();
    this.sampledAt = this.options.clock.now();
    this.untap();
    this.untap = this.options.pipeline.onGradient((chunk, gradient) => {
      this.sampler.take(chunk, gradient, samples);
      this.gradients = { step, samples };
    });
  }

  /** Adds what the record shows, read from the store. */
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
    recalls: null,
    histograms: null,
  };
}

const isPicture = (shape: readonly number[]) =>
  (shape.length === 2 || (shape.length === 3 && [1, 3].includes(shape[2]!))) &&
  Math.min(shape[0]!, shape[1]!) > 1;
