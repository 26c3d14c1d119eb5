/** Shows what this tab contributes, and how much of the device it may use. View only; contribute.ts acts. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { SMALLEST_DUTY_CYCLE } from '../../compute/lanes/duty-cycle.js';
import type { ContributionState } from '../../contribution-state.js';
import { capabilities, missingCapabilities } from '../../tab/conditions/capabilities.js';
import type { Contribution } from '../../tab/contribute.js';
import { bytes, count, steady } from '../data/format.js';
import { LossLine } from './loss-line.js';
import './contribution.css';
import { wordsOf } from './contribution-words.js';

export function ContributionPanel({ contribution }: { contribution: Contribution }) {
  const [state, setState] = useState(contribution.state);
  useEffect(() => contribution.subscribe(setState), [contribution]);
  const lacking = useMemo(() => missingCapabilities(capabilities()), []);
  const { headline, offers, isComputing } = wordsOf(state);
  const button = (offer: (typeof offers)[number], text: string, isPrimary = false) =>
    offers.includes(offer) && (
      <button type="button" class={isPrimary ? 'primary' : ''} onClick={() => contribution[offer]()}>
        {text}
      </button>
    );
  return (
    <div class="contribution">
      <div class="contribution-head">
        <div>
          <p class="contribution-headline" data-testid="my-samples" data-samples={state.samples}>
            {headline}
          </p>
          <p
            class={`contribution-message ${state.phase}`}
            role="status"
            data-testid="my-state"
            data-phase={state.phase}
          >
            {state.message}
          </p>
        </div>
        <div class="contribution-buttons">
          {button('start', 'Contribute this tab', true)}
          {button('pause', 'Pause')}
          {button('resume', 'Resume', true)}
          {button('stop', 'Stop')}
        </div>
      </div>
      {(offers.includes('stop') || state.samples > 0) && <Figures {...{ state, isComputing }} />}
      {!state.isFinal && <Choices state={state} contribution={contribution} />}
      {lacking.map((sentence) => (
        <p key={sentence} class="contribution-missing">
          {sentence}
        </p>
      ))}
    </div>
  );
}

function Figures({ state, isComputing }: { state: ContributionState; isComputing: boolean }) {
  const { samplesPerSecond, engine, engineReason, lanes, downloadedBytes, cache, step, steps, loss, losses } =
    state;
  const kept = { opfs: 'kept for the next visit', 'cache-storage': 'kept for the next visit' }[cache];
  return (
    <>
      <dl class="contribution-figures">
        <div>
          <dt>Samples/s of this tab</dt>
          <dd data-testid="my-samples-per-second">{count(isComputing ? samplesPerSecond : null)}</dd>
        </div>
        <div>
          <dt>Engine</dt>
          <dd>
            <span data-testid="my-engine">{engine || '…'}</span>
            {lanes > 1 && <small data-testid="my-lanes">on {lanes} cores</small>}
          </dd>
        </div>
        <div>
          <dt>Data downloaded</dt>
          <dd data-testid="my-downloaded" data-bytes={downloadedBytes}>
            {bytes(downloadedBytes)} <small>{kept ?? 'held in memory only'}</small>
          </dd>
        </div>
        <div>
          <dt>Loss</dt>
          <dd>
            <span data-testid="my-loss">{steady(loss)}</span>{' '}
            <small>
              step {count(step)} of {count(steps)}
            </small>
          </dd>
        </div>
      </dl>
      <LossLine losses={losses} />
      {engineReason && (
        <details class="contribution-reason">
          <summary>Why this engine</summary>
          <ul>
            {engineReason.split('; ').map((part) => (
              <li key={part}>{part}</li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

function Choices({
  state: { settings },
  contribution,
}: {
  state: ContributionState;
  contribution: Contribution;
}) {
  const share = Math.round(100 * settings.dutyCycle);
  return (
    <div class="contribution-choices">
      {contribution.mostCores > 1 && <Cores cores={settings.cores} contribution={contribution} />}
      <label>
        <span>Share of the time: {share} %</span>
        <input
          type="range"
          min={100 * SMALLEST_DUTY_CYCLE}
          max={100}
          step={5}
          value={share}
          aria-label="Share of the time in which this device computes, in percent"
          onInput={({ currentTarget }) =>
            contribution.change({ dutyCycle: currentTarget.valueAsNumber / 100 })
          }
        />
      </label>
      <label>
        <input
          type="checkbox"
          checked={settings.pauseWhenHidden}
          onChange={({ currentTarget }) => contribution.change({ pauseWhenHidden: currentTarget.checked })}
        />
        Pause while this tab is hidden
      </label>
      <label>
        <input
          type="checkbox"
          checked={settings.keepAwake}
          onChange={({ currentTarget }) => contribution.change({ keepAwake: currentTarget.checked })}
        />
        Keep the screen on
      </label>
    </div>
  );
}

/** Takes effect when the slider is let go of: engines are started for it. */
function Cores({ cores, contribution }: { cores: number; contribution: Contribution }) {
  const [shown, show] = useState(cores);
  const most = contribution.mostCores;
  return (
    <label>
      <span>
        Cores: {shown} of {most}
      </span>
      <input
        type="range"
        min={1}
        max={most}
        step={1}
        value={shown}
        aria-label="Cores of this device to use"
        onInput={({ currentTarget }) => show(currentTarget.valueAsNumber)}
        onChange={({ currentTarget }) => contribution.change({ cores: currentTarget.valueAsNumber })}
      />
    </label>
  );
}
