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
/** Between two steps there is nothing to do for a moment; longer than this there is something to say. */
const IDLE_MS = 3000;
export const CONTRIBUTING = 'Contributing.';
const WAITING = 'Waiting for work: the run is paused, or others have all of it in hand.';

export class StateReporter {
  private state: ContributionState;
  private readonly rate = new Rate();
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** Engines that compute now, and since when none does. */
  private inHand = 0;
  private idleSince = 0;

  constructor(
    name: string,
    settings: Settings,
    private readonly report: (report: Report) => void,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.state = initialState(name, settings);
  }

  set(change: Partial<ContributionState>): void {
    this.state = { ...this.state, ...change };
    this.timer ??= setTimeout(() => this.flush(), REPORT_EVERY_MS);
  }

  show(phase: Phase, message: string): void {
    this.idleSince = this.now();
    // A speed is of who computes.
    this.set({ phase, message, ...(phase === 'contributing' ? {} : { samplesPerSecond: 0 }) });
  }

  /** Starting again would end alike. */
  end(phase: Phase, message: string): void {
    this.show(phase, message);
    this.set({ isFinal: true });
  }

  /** Something that its owner may want to know, though nothing stops for it. */
  note(message: string): void {
    this.set({ message });
  }

  busy(change: 1 | -1): void {
    this.inHand += change;
    this.idleSince = this.now();
    if (this.state.message === WAITING) this.note(CONTRIBUTING);
  }

  computed(samples: number): void {
    this.rate.add(samples, this.now());
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
    const now = this.now();
    const isContributing = this.state.phase === 'contributing';
    const isIdle = isContributing && this.inHand === 0 && now - this.idleSince > IDLE_MS;
    if (isIdle && this.state.message === CONTRIBUTING) this.note(WAITING);
    const samplesPerSecond = isContributing && !isIdle ? this.rate.perSecond(now) : 0;
    if (samplesPerSecond !== this.state.samplesPerSecond) this.set({ samplesPerSecond });
  }

  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.report({ type: 'state', state: this.state });
  }
}
