/** Whether a run gets anywhere, told from its course, with the reason: one judgment for page, terminal, status and summary. */
import { count, duration, percent, significant } from '../../../shared/status/figures.js';
import type { Health, RunState } from '../../../shared/status/status.js';
import type { Course } from './course.js';
import { figureOf } from './figures.js';

/** Evaluations in a row without a better one. */
const PLATEAU = 5;
/** An accuracy that is so much below the best is no noise of a test set of a few hundred records. */
const LOST_ACCURACY = 0.05;
/** ...and an error of so many times the least. */
const GROWN_ERROR = 1.25;

/** After so many steps a loss should have fallen by more than this part of where it began. */
const UNLEARNED_STEPS = 300;
const HARDLY = 0.02;

export interface Signs {
  state: RunState;
  /** Why the run has failed. */
  reason: string;
  course: Course;
  /** For how long it should have made steps and has not; null: it does, or should not. */
  silentSeconds: number | null;
}

export function healthOf({ state, reason, course, silentSeconds }: Signs): Health {
  if (state === 'failed') return { state: 'failed', reason };
  if (silentSeconds !== null) {
    const why = state === 'waiting' ? ': nobody computes' : '';
    return { state: 'stalled', reason: `no step for ${duration(silentSeconds)}${why}` };
  }
  return diverging(course) ?? worse(course) ?? plateau(course) ?? fine(course);
}

/** The loss is above where it began, and far from where it was: that holds for losses below 0, too. */
function diverging(course: Course): Health | undefined {
  const { first, lowest } = course;
  const now = course.lately()?.loss;
  if (now === undefined || first === undefined || !lowest) return undefined;
  const isUp = now > first && now - lowest.loss > 0.5 * Math.abs(lowest.loss);
  if (!isUp && Number.isFinite(now)) return undefined;
  const from = `${significant(lowest.loss)} at step ${count(lowest.step)}`;
  return { state: 'diverging', reason: `training loss ${significant(now)}, after ${from}` };
}

function worse({ watched: { figure, best }, latest, higherIsBetter }: Course): Health | undefined {
  if (!best || !latest) return undefined;
  const isWorse = higherIsBetter
    ? latest.value < best.value - LOST_ACCURACY
    : latest.value > GROWN_ERROR * best.value;
  if (!isWorse && Number.isFinite(latest.value)) return undefined;
  const text = higherIsBetter ? percent : significant;
  const from = `${text(best.value)} at step ${count(best.step)}`;
  return { state: 'worse', reason: `${figureOf(figure).called} ${text(latest.value)}, after ${from}` };
}

function plateau({ watched: { figure, waited }, steps, first, lowest }: Course): Health | undefined {
  if (waited >= PLATEAU)
    return { state: 'plateau', reason: `no better ${figureOf(figure).called} for ${waited} evaluations` };
  if (first === undefined || !lowest || steps < UNLEARNED_STEPS) return undefined;
  if (first - lowest.loss > HARDLY * Math.abs(first)) return undefined;
  return { state: 'plateau', reason: `training loss never far below ${significant(first)}, where it began` };
}

function fine(course: Course): Health {
  const now = course.lately();
  if (!now) return { state: 'ok', reason: 'no step yet' };
  const { first, lowest } = course;
  if (first === undefined || !lowest) return { state: 'ok', reason: 'the first steps' };
  const text = `training loss ${significant(now.loss)}, at first ${significant(first)}`;
  return { state: 'ok', reason: text };
}
