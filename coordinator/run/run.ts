/** One run's parts, in one object: nothing of a run is kept elsewhere, so a process may lead several. */
import type { Clock } from '../../shared/clock.js';
import type { MetricName } from '../../shared/numerics/losses.js';
import type { RunEvent } from '../../shared/status/events.js';
import type { Control } from './control.js';
import type { Core } from './core.js';
import type { RunOptions } from './loop.js';
import type { Progress } from './progress.js';

export interface Run {
  options: RunOptions;
  core: Core;
  progress: Progress;
  control: Control;
  metric: MetricName;
  clock: Clock;
  /** Tells people, and whoever watches. */
  tell(event: RunEvent): void;
}

/** Tells every worker how the run goes. */
export function tellProgress({ core, progress, options }: Run): void {
  const { step, latest, samplesTrained } = progress;
  core.swarm.tellProgress({ step, steps: options.steps, loss: latest?.loss ?? null, samplesTrained });
}
