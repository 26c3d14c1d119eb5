/**
 * Detects a volunteer that pushes: each time by no more than a turned sign explains, but always the same way. Rounding and
 * turned signs of honest engines point anywhere, so that the sum of n of them grows with sqrt(n); a push grows with n.
 * So of each volunteer the signed sum of what its audits found beyond rounding is kept (as a random sketch, with signs
 * that only the coordinator knows), and forgotten over some hundred audits. As `update/robust/drift.ts` does for runs
 * in which no one recomputes.
 */
import { Sketcher } from '../update/robust/sketch.js';
import { normOf } from './compare.js';

/** What is left of an audit after the next. */
const MEMORY = 0.995;
/** A single deviation counts as no more than this: no turned sign outweighs all else. */
const MOST = 0.05;
/** A sum so many times as long, squared, as that of independent parts points one way... */
const ONE_WAY = 8;
/** ...or may do so: then all is audited for a while. */
const PERHAPS = 2;
/** A push of less of the gradient, in the mean over all audits, is let be. */
const LEAST_PUSH = 1e-3;
/** Sums of 32 KiB that are kept: strangers must not fill the memory. The oldest is forgotten. */
const MOST_SUMS = 512;

interface History {
  /** Squared norms of the deviations, added up with squared weights. */
  squares: number;
  sum: Float64Array;
  /** Audits, added up with weights: up to the latest deviation. */
  weight: number;
  /** Audits of this identity when that was. */
  at: number;
}

export class PushWatch {
  private readonly histories = new Map<string, History>();
  private readonly sketcher: Sketcher;

  /** @param secret as for the sketches */
  constructor(secret: readonly number[]) {
    this.sketcher = new Sketcher(secret);
  }

  /**
   * An audit has found `deviation`, in shares of each weight's gradient.
   * @param audits of this identity so far, this one included
   */
  deviates(identity: string, audits: number, deviation: Float32Array): 'no' | 'perhaps' | 'pushes' {
    const size = normOf(deviation);
    const factor = Math.min(1, MOST / size);
    const sketch = this.sketcher.sketch(deviation);
    const history = this.of(identity, sketch.length);
    const forgotten = MEMORY ** (audits - history.at);
    for (let i = 0; i < sketch.length; i++)
      history.sum[i] = forgotten * history.sum[i]! + factor * sketch[i]!;
    history.squares = forgotten ** 2 * history.squares + (factor * size) ** 2;
    history.weight = forgotten * history.weight + (1 - forgotten) / (1 - MEMORY);
    history.at = audits;
    const length = history.sum.reduce((squares, value) => squares + value * value, 0);
    const oneWay = length / history.squares;
    const isLarge = Math.sqrt(length) > LEAST_PUSH * history.weight;
    if (!isLarge || oneWay <= PERHAPS) return 'no';
    return oneWay > ONE_WAY ? 'pushes' : 'perhaps';
  }

  forget(identity: string): void {
    this.histories.delete(identity);
  }

  private of(identity: string, length: number): History {
    const known = this.histories.get(identity) ?? {
      ...{ squares: 0, weight: 0, at: 0 },
      sum: new Float64Array(length),
    };
    this.histories.delete(identity);
    this.histories.set(identity, known);
    if (this.histories.size > MOST_SUMS) this.histories.delete(this.histories.keys().next().value!);
    return known;
  }
}
