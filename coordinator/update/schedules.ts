/** Learning-rate schedules: pure functions of the step, with PyTorch's formulas where it has them. */
export interface ScheduleOptions {
  name: ScheduleName;
  /** The peak; for `one-cycle` the maximum. */
  learningRate: number;
  /** Updates in all. */
  totalSteps: number;
  /** Updates over which the rate first rises linearly; the course follows on the rest. */
  warmupSteps: number;
  stepsPerEpoch: number;
}

/** `step` divides by this... */
const STEP_GAMMA = 0.1;
/** ...after each third of the run. */
const STEP_PARTS = 3;
/** `exponential` multiplies by this each epoch. */
const EXPONENTIAL_GAMMA = 0.95;
/** `one-cycle`: share of the rise, and how far below the maximum it begins and ends (Smith, Topin 2018). */
const ONE_CYCLE = { rise: 0.3, startDivisor: 25, endDivisor: 25 * 1e4 };

/**
 * @returns the learning rate of update `step`, from 0. `step`: x 0.1 after each third of the run.
 *   `exponential`: x 0.95 each epoch. `cosine`: half a cosine down to 0 (Loshchilov, Hutter 2017).
 *   `linear`: a line down to 0. `plateau`: constant, until evaluations lower it. `one-cycle`: as `torch.optim.lr_scheduler.OneCycleLR` with cosine annealing.
 */
export function createSchedule(options: ScheduleOptions): (step: number) => number {
  const { learningRate, warmupSteps, stepsPerEpoch } = options;
  const steps = Math.max(1, options.totalSteps - warmupSteps);
  const course = COURSES[options.name](steps, stepsPerEpoch);
  return (step) => {
    // The first update has a rate above 0, the last one of the warm-up the whole rate.
    if (step < warmupSteps) return learningRate * ((step + 1) / warmupSteps);
    return learningRate * course(step - warmupSteps);
  };
}

/** A factor of the peak for each step of a course that has `steps` of them. */
type Course = (steps: number, stepsPerEpoch: number) => (step: number) => number;

const COURSES = {
  constant: () => () => 1,
  // Evaluations lower the peak: run/watch/plateau.ts.
  plateau: () => () => 1,
  step: (steps) => (step) => STEP_GAMMA ** Math.floor((step * STEP_PARTS) / steps),
  exponential: (_steps, stepsPerEpoch) => (step) => EXPONENTIAL_GAMMA ** (step / stepsPerEpoch),
  cosine: (steps) => (step) => (1 + Math.cos((Math.PI * step) / steps)) / 2,
  linear: (steps) => (step) => 1 - step / steps,
  'one-cycle': (steps) => {
    const { rise, startDivisor, endDivisor } = ONE_CYCLE;
    const peak = rise * steps - 1;
    return (step) =>
      step <= peak
        ? annealed(1 / startDivisor, 1, step / peak)
        : annealed(1, 1 / endDivisor, (step - peak) / (steps - 1 - peak));
  },
} satisfies Record<string, Course>;

export type ScheduleName = keyof typeof COURSES;
export const SCHEDULES = Object.keys(COURSES) as ScheduleName[];

const annealed = (from: number, to: number, share: number): number =>
  to + ((from - to) / 2) * (1 + Math.cos(Math.PI * share));
