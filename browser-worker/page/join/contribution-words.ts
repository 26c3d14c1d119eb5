/** What the panel of a tab's part says and offers, by its phase alone: so that no two of its lines contradict each other. */
import type { ContributionState, Phase } from '../../contribution-state.js';
import { count, percent } from '../data/format.js';

interface Words {
  headline: string;
  /** Which buttons there are. */
  offers: readonly ('start' | 'pause' | 'resume' | 'stop')[];
  /** Whether figures of what is computed now are known; else they are blank. */
  isComputing: boolean;
}

const UNDER_WAY = ['pause', 'stop'] as const;

const OF_PHASE: Record<Phase, Words> = {
  off: { headline: 'Ready when you are.', offers: ['start'], isComputing: false },
  elsewhere: { headline: 'Another tab is helping already.', offers: UNDER_WAY, isComputing: false },
  connecting: { headline: 'Getting ready…', offers: UNDER_WAY, isComputing: false },
  preparing: { headline: 'Getting ready…', offers: UNDER_WAY, isComputing: false },
  contributing: { headline: 'Your first samples are on their way.', offers: UNDER_WAY, isComputing: true },
  paused: { headline: 'Taking a break.', offers: ['resume', 'stop'], isComputing: false },
  offline: { headline: 'Waiting for the network.', offers: UNDER_WAY, isComputing: false },
  finished: { headline: 'The run is over.', offers: ['start'], isComputing: false },
  refused: { headline: 'This tab takes no part.', offers: ['start'], isComputing: false },
};

export function wordsOf(
  state: Pick<ContributionState, 'phase' | 'isFinal' | 'samples' | 'samplesOfRun'>,
): Words {
  const { phase, isFinal, samples, samplesOfRun } = state;
  const words = OF_PHASE[phase];
  const share = percent(samples / Math.max(samples, samplesOfRun), 1);
  return {
    ...words,
    headline:
      samples > 0 ? `You have contributed ${count(samples)} samples (${share} of this run)` : words.headline,
    offers: isFinal ? words.offers.filter((button) => button !== 'start') : words.offers,
  };
}
