/**
 * Finds workers that drift away from the others over many steps (after the safeguard of Allen-Zhu, Ebrahimian, Li, Alistarh
 * 2021, "Byzantine-resilient non-convex stochastic gradient descent"). In one step a lie of an honest size looks
 * like noise. But the noise of a mean over n steps shrinks with sqrt(n), and a lie that pulls one way stays.
 *
 * For each worker it keeps the mean of what it sent, less the median of its step, over a short and a long window:
 * the short one soon notices a change, the long one remembers what the short one forgets. Two honest workers then
 * differ by noise alone. Around the worker that is nearest to a majority, a worker more than FARTHER times as far
 * away as that majority is left out, until it has been among the others again for RETURN_STEPS.
 */
import { median } from './coordinates.js';
import type { WorkerGradient } from './rule.js';
import { Sketcher } from './sketch.js';

/** Steps. */
const WINDOWS = [50, 500];
/** No honest worker exceeded 1.4 in 560 steps on MNIST. */
const FARTHER = 1.5;
/** Times the square root of the elements: the fewer there are, the more do lengths of noise differ. */
const SMALL = 4;
const RETURN_STEPS = 50;
/** In earlier steps one large gradient can look like a lie. */
const YOUNG_STEPS = 10;

interface Mean {
  value: Float64Array;
  /** The variance in units of one step's: the sum of the squared weights of its steps. */
  variance: number;
}

interface History {
  identity: string;
  steps: number;
  /** One for each window. */
  means: Mean[];
  /** Counted in the worker's own steps. */
  leftOutUntil: number;
}

export class DriftWatch {
  private readonly histories = new Map<string, History>();
  private readonly sketcher: Sketcher;

  /** @param secret as for the sketches */
  constructor(secret: readonly number[]) {
    this.sketcher = new Sketcher(secret);
  }

  /** Takes note of a step. @returns the identities to leave out of it: always a minority */
  outliers(workers: readonly WorkerGradient[]): Set<string> {
    const sketches = workers.map(({ gradient }) => this.sketcher.sketch(gradient));
    const middle = median(sketches);
    const histories = workers.map(({ identity }, at) => this.add(identity, sketches[at]!, middle));
    const judged = histories.filter(({ steps }) => steps >= YOUNG_STEPS);
    const farther = FARTHER + SMALL / Math.sqrt(workers[0]!.gradient.length);
    for (const window of WINDOWS.keys()) {
      for (const history of farFromMost(judged, window, farther))
        history.leftOutUntil = history.steps + RETURN_STEPS;
    }
    // Each window leaves out a minority; both together might not.
    const leftOut = histories
      .filter(({ steps, leftOutUntil }) => leftOutUntil > steps)
      .sort((a, b) => b.leftOutUntil - b.steps - (a.leftOutUntil - a.steps))
      .slice(0, (workers.length - 1) >> 1);
    return new Set(leftOut.map(({ identity }) => identity));
  }

  forget(identity: string): void {
    this.histories.delete(identity);
  }

  private add(identity: string, sketch: Float64Array, middle: Float64Array): History {
    let history = this.histories.get(identity);
    if (!history) {
      const means = WINDOWS.map(() => ({ value: new Float64Array(sketch.length), variance: 0 }));
      history = { identity, steps: 0, means, leftOutUntil: 0 };
      this.histories.set(identity, history);
    }
    history.steps++;
    for (const [at, mean] of history.means.entries()) {
      const weight = 1 / Math.min(history.steps, WINDOWS[at]!);
      for (let i = 0; i < sketch.length; i++) {
        mean.value[i]! += weight * (sketch[i]! - middle[i]! - mean.value[i]!);
      }
      mean.variance = (1 - weight) ** 2 * mean.variance + weight ** 2;
    }
    return history;
  }
}

function farFromMost(histories: readonly History[], window: number, farther: number): History[] {
  if (histories.length < 3) return [];
  const means = histories.map((history) => history.means[window]!);
  const distances = means.map((one) => means.map((other) => distance(one, other)));
  // A worker itself, at distance 0, is one of the majority.
  const reaches = distances.map((row) => [...row].sort((a, b) => a - b)[histories.length >> 1]!);
  const reach = Math.min(...reaches);
  const fromCenter = distances[reaches.indexOf(reach)]!;
  return histories.filter((_, at) => fromCenter[at]! > farther * reach);
}

/** The distance in standard deviations of the noise of one step. */
function distance(a: Mean, b: Mean): number {
  let squares = 0;
  for (let i = 0; i < a.value.length; i++) squares += (a.value[i]! - b.value[i]!) ** 2;
  return Math.sqrt(squares / (a.variance + b.variance));
}
