/**
 * What a step adds up to under `--robust`: each worker's whole gradient, and of all of them what the rule makes.
 * The ledger counts every sample once, as ever; but a worker is one voice, whatever it computed.
 */
import { chunkRange, type Layout } from '../shared/layout.js';
import { type Node, ROOT } from '../shared/tree.js';
import type { Accepted, StepSums, Tally, TallyParts } from './tally.js';
import { median } from './update/robust/coordinates.js';
import type { RobustRule, WorkerGradient } from './update/robust/rule.js';
import { median as medianOf } from './work/median.js';

interface Voice {
  identity: string;
  samples: number;
  sum: Float32Array;
  loss: number;
  metric: number;
}

export class RobustTally implements Tally {
  private readonly voices = new Map<string, Voice>();

  constructor(
    private readonly parts: TallyParts,
    private readonly rule: RobustRule,
    private readonly layout: Layout,
  ) {}

  accept({ node, holder, gradient, message, credited }: Accepted): void {
    const { ledger, counted, fulfilled, complete } = this.parts;
    // All contributions are whole: what holds of one chunk holds of all.
    let isCounted = false;
    for (let chunk = 0; chunk < ledger.chunks; chunk++) isCounted = ledger.accept(node, chunk) === 'counted';
    if (isCounted) {
      this.add(credited.worker.identity, ledger.samples(node), gradient, message);
      for (let chunk = 0; chunk < ledger.chunks; chunk++) counted(holder, node, chunk);
    }
    fulfilled(holder, credited, isCounted);
    if (!ledger.isComplete()) return;
    this.update();
    complete();
  }

  pump(): void {
    // Everything waits for the last contribution.
  }

  forget(_holder: number, _node: Node): void {
    // What has been accepted has been counted.
  }

  /** The medians of what workers tell of their samples: nobody can make the run look better than it is. */
  sums(): StepSums {
    const samples = this.parts.ledger.samples(ROOT);
    const mean = (of: (voice: Voice) => number) =>
      samples * medianOf([...this.voices.values()].map((voice) => of(voice) / voice.samples));
    return { samples, loss: mean(({ loss }) => loss), metric: mean(({ metric }) => metric) };
  }

  private add(
    identity: string,
    samples: number,
    gradient: Accepted['gradient'],
    { loss, metric }: Accepted['message'],
  ): void {
    const { total } = this.layout;
    const voice = this.voices.get(identity) ?? {
      identity,
      samples: 0,
      sum: new Float32Array(total),
      loss: 0,
      metric: 0,
    };
    this.voices.set(identity, voice);
    voice.samples += samples;
    voice.loss += loss;
    voice.metric += metric;
    for (let chunk = 0; chunk < this.parts.ledger.chunks; chunk++) {
      const { start } = chunkRange(total, chunk);
      const values = gradient.values(chunk);
      for (let i = 0; i < values.length; i++) voice.sum[start + i]! += values[i]!;
    }
  }

  private update(): void {
    const { ledger, pipeline } = this.parts;
    const { total, trainable } = this.layout;
    const voices = [...this.voices.values()].sort((a, b) => (a.identity < b.identity ? -1 : 1));
    for (const { sum, samples } of voices) for (let i = 0; i < total; i++) sum[i]! /= samples;
    const part = (from: number, to: number): WorkerGradient[] =>
      voices.map(({ identity, sum }) => ({ identity, gradient: sum.slice(from, to) }));
    const mean = new Float32Array(total);
    mean.set(this.rule.aggregate(part(0, trainable)));
    // Statistics of batch normalisation are no gradients: each worker's are a guess at the same numbers.
    if (trainable < total) {
      mean.set(median(part(trainable, total).map(({ gradient }) => gradient)), trainable);
    }
    for (let chunk = 0; chunk < ledger.chunks; chunk++) {
      const { start, end } = chunkRange(total, chunk);
      pipeline.addMean(chunk, mean.subarray(start, end));
    }
  }
}
