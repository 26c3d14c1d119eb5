/** The state that a tab's owner sees: kept in the control worker, sent to the page a few times a second at most. */
import type { RunProgress } from '../../shared/protocol/messages.js';
import {
  type ContributionState,
  initialState,
  type Phase,
  type Report,
  type Settings,
} from '../contribution-state.js';
import { Rate } from './rate.js';

/** Fast enough to look alive; the page redraws each time. */
const REPORT_EVERY_MS = 200;
const LOSSES_KEPT = 300;

export class StateReporter {
  private state: ContributionState;
  private readonly rate = new Rate();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    name: string,
    settings: Settings,
    private readonly report: (report: Report) => void,
  ) {
    this.state = initialState(name, settings);
  }

  set(change: Partial<ContributionState>): void {
    this.state = { ...this.state, ...change };
    this.timer ??= setTimeout(() => this.flush(), REPORT_EVERY_MS);
  }

  show(phase: Phase, message: string): void {
    this.set({ phase, message });
  }

  /** Something that its owner may want to know, though nothing stops for it. */
  note(message: string): void {
    this.set({ message });
  }

  computed(samples: number): void {
    this.rate.add(samples, performance.now());
  }

  downloaded(bytes: number): void {
    this.set({ downloadedBytes: this.state.downloadedBytes + bytes });
  }

  progressed({ step, steps, loss, samples, samplesTrained }: RunProgress): void {
    const { losses } = this.state;
    const known = losses.at(-1)?.step;
    const point = loss !== null && Number.isFinite(loss) && known !== step ? [{ step, loss }] : [];
    // A coordinator that was killed goes on from its checkpoint, a little earlier.
    const before = losses.filter((other) => other.step < step || other.step === known);
    this.set({
      step,
      steps,
      loss,
      samples,
      samplesOfRun: samplesTrained,
      losses: [...before, ...point].slice(-LOSSES_KEPT),
    });
  }

  /** What changes with time alone. */
  refresh(): void {
    const samplesPerSecond = this.rate.perSecond(performance.now());
    if (samplesPerSecond !== this.state.samplesPerSecond) this.set({ samplesPerSecond });
  }

  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.report({ type: 'state', state: this.state });
  }
}
