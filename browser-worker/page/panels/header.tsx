/** Name and state of the run, and what can be done: contribute, and as an admin change the run. */
import { useState } from 'preact/hooks';
import type { Greeting } from '../../../shared/status/monitoring.js';
import { isOver, type RunState, type Status } from '../../../shared/status/status.js';
import type { Admin } from '../data/admin.js';
import { count } from '../data/format.js';
import type { Route } from '../data/route.js';
import { LearningRateForm } from './learning-rate-form.js';
import { Nav } from './nav.js';

const STATES: Record<RunState, string> = {
  starting: 'starting',
  waiting: 'waiting for workers',
  training: 'training',
  evaluating: 'evaluating',
  paused: 'paused',
  saving: 'saving',
  finished: 'finished',
  stopped: 'stopped',
  failed: 'failed',
};

export interface HeaderProps {
  greeting: Greeting;
  status: Status;
  run: Greeting['runs'][number];
  contributing: boolean;
  onContribute(): void;
  onChoose(run: string): void;
  onInvite(): void;
  admin: Admin;
  route: Route;
}

export function Header(props: HeaderProps) {
  const { greeting, status, run, contributing } = props;
  const goesOn = greeting.live && status.state !== 'saving' && !isOver(status.state);
  return (
    <header class="masthead">
      <h1 class="brand">
        <Logo />
        swarmgrad
      </h1>
      <span class="run">
        {greeting.runs.length > 1 ? (
          <select
            aria-label="Run"
            value={run.id}
            onChange={(event) => props.onChoose(event.currentTarget.value)}
          >
            {greeting.runs.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        ) : (
          <b>{run.name}</b>
        )}
        <span class="facts">
          {run.model}, {count(run.parameters)} parameters, batch {count(run.batchSize)}
        </span>
      </span>
      <span class={`pill ${status.state}`}>
        <i />
        <span data-testid="state">{STATES[status.state]}</span>
      </span>
      <span class="actions">
        {goesOn && greeting.admin && <AdminButtons {...props} />}
        {goesOn && (
          <button type="button" onClick={props.onInvite}>
            Invite
          </button>
        )}
        {goesOn && !contributing && (
          <button type="button" class="primary" onClick={props.onContribute}>
            Contribute this tab
          </button>
        )}
      </span>
      <Nav route={props.route} />
    </header>
  );
}

function AdminButtons({ status, contributing, admin: { asked, ask } }: HeaderProps) {
  const [isChoosing, setChoosing] = useState(false);
  const [isStopping, setStopping] = useState(false);
  // Beside the tab's own buttons these must say that they are the run's.
  const of = contributing ? ' run' : '';
  const button = (action: string, text: string, title: string) => (
    <button type="button" title={title} disabled={asked === action} onClick={() => ask(action)}>
      {text}
    </button>
  );
  return (
    <>
      <button type="button" aria-expanded={isChoosing} onClick={() => setChoosing(!isChoosing)}>
        Learning rate
      </button>
      {isChoosing && (
        <LearningRateForm
          current={status.learningRate}
          onClosed={() => setChoosing(false)}
          onChosen={(learningRate) => {
            setChoosing(false);
            ask('learning-rate', { learningRate });
          }}
        />
      )}
      {button('checkpoint', 'Checkpoint now', 'Writes a checkpoint after the step in hand')}
      {status.state === 'paused'
        ? button('resume', `Resume${of}`, 'Goes on with the next step')
        : button('pause', `Pause${of}`, 'Waits after the step in hand')}
      {isStopping ? (
        <>
          {button('stop', 'Stop now', 'Ends the run after the step in hand, with a checkpoint')}
          <button type="button" onClick={() => setStopping(false)}>
            Keep training
          </button>
        </>
      ) : (
        <button
          type="button"
          title="Asks once more. The run ends after the step in hand; it can be resumed later"
          onClick={() => setStopping(true)}
        >
          Stop{of}
        </button>
      )}
    </>
  );
}

const Logo = () => (
  <svg viewBox="0 0 20 20" aria-hidden="true">
    <path class="rays" d="M10 10 3.5 4M10 10l6.5-6M10 10l-7 5M10 10l7 5M10 10v8" />
    <circle class="hub" cx="10" cy="10" r="3.2" />
    <g class="ends">
      <circle cx="3.5" cy="4" r="1.7" />
      <circle cx="16.5" cy="4" r="1.7" />
      <circle cx="3" cy="15" r="1.7" />
      <circle cx="17" cy="15" r="1.7" />
      <circle cx="10" cy="18" r="1.7" />
    </g>
  </svg>
);
