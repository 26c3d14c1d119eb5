/** The dashboard: puts the panels together and feeds them. */
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { LoggedEvent } from '../../shared/status/events.js';
import type { Greeting, ModelView, StatusView, TimelineView } from '../../shared/status/monitoring.js';
import { isOver } from '../../shared/status/status.js';
import { CurveControls, MainCurves, SmallCurves, useCurves } from './curves/charts.js';
import { show, shownNow } from './data/address.js';
import { useFeed } from './data/feed.js';
import { percent } from './data/format.js';
import { usePolled } from './data/polled.js';
import { Invite } from './join/invite.js';
import { Confusion } from './panels/confusion.js';
import { Events } from './panels/events.js';
import { Header } from './panels/header.js';
import { Histograms } from './panels/histograms.js';
import { Kpis } from './panels/kpis.js';
import { Mistakes } from './panels/mistakes.js';
import { Layers } from './panels/model.js';
import { Timeline } from './panels/timeline.js';
import { Workers } from './panels/workers.js';
import { TryIt } from './try/try-it.js';

const TIMELINE_MS = 1000;
const MODEL_MS = 5000;

export function App() {
  const [chosen, setChosen] = useState(shownNow().run);
  const choose = (run: string) => {
    setChosen(run);
    show({ run });
  };
  const { connection, era, greeting, status, events } = useFeed(chosen);
  if (!greeting || !status) {
    return (
      <main class="bare">
        <p role="status">
          {connection === 'lost' ? 'The coordinator does not answer. Trying again…' : 'Connecting…'}
        </p>
      </main>
    );
  }
  return <Dashboard {...{ connection, era, greeting, status, events, chosen, choose }} />;
}

interface DashboardProps {
  connection: string;
  era: number;
  greeting: Greeting;
  status: StatusView;
  events: LoggedEvent[];
  chosen: string | undefined;
  choose(run: string): void;
}

function Dashboard({ connection, era, greeting, status, events, chosen, choose }: DashboardProps) {
  const run = greeting.runs.find(({ id }) => id === chosen) ?? greeting.runs[0]!;
  const goesOn = greeting.live && !isOver(status.state);
  // What has nothing to show is not shown; what comes then takes its place, and pushes nothing.
  const isWaiting = goesOn && status.step === 0;
  const timeline = usePolled<TimelineView>(
    { path: '/api/timeline', run: run.id },
    `${era} ${status.state}`,
    status.step,
    TIMELINE_MS,
  );
  const model = usePolled<ModelView>(
    { path: '/api/model', run: run.id },
    `${era} ${status.validationLoss} ${status.testLoss} ${status.state}`,
    status.step,
    MODEL_MS,
  );
  const [inviting, setInviting] = useState(false);
  const [refused, setRefused] = useState('');
  const curves = useCurves(greeting.runs, era, status.step);
  const { Panel, contribute } = useContribution();

  useEffect(() => {
    document.title = `${percent(status.step / status.steps, 0)} ${status.state} – ${run.name}`;
  }, [status.step, status.state, status.steps, run.name]);

  return (
    <>
      <Header
        {...{ greeting, status, run }}
        contributing={Panel !== undefined}
        onContribute={contribute}
        onChoose={choose}
        onInvite={() => setInviting(!inviting)}
        onRefused={setRefused}
      />
      <main class="dashboard">
        <div class="notices" role="status">
          {connection === 'lost' && (
            <p class="notice bad" data-testid="disconnected">
              Disconnected from the coordinator{isOver(status.state) ? ', whose run is over' : ''}: what you
              see is from before. Trying again…
            </p>
          )}
          {(status.state === 'failed' || status.state === 'saving') && (
            <p class="notice bad">{status.message}</p>
          )}
          {status.state === 'stopped' && <p class="notice">{status.message}</p>}
          {!isOver(status.state) && status.trouble && <p class="notice bad">{status.trouble}</p>}
          {refused && <p class="notice bad">Refused: {refused}</p>}
        </div>
        {Panel && (
          <section class="full contribute" aria-label="This tab">
            <Panel />
          </section>
        )}
        <Kpis status={status} />
        {goesOn && greeting.join && (inviting || isWaiting) && (
          <Invite join={greeting.join} tokens={greeting.tokens} runDir={status.runDir} />
        )}
        {isWaiting ? (
          <section class="full" aria-labelledby="waiting-title">
            <h2 id="waiting-title">Waiting for the first step…</h2>
            <p class="empty">{status.message}</p>
          </section>
        ) : (
          <>
            <CurveControls {...curves} />
            <MainCurves {...curves} />
          </>
        )}
        <div class={isWaiting ? 'full' : 'column wide'} key={`work ${isWaiting}`}>
          {!isWaiting && (greeting.live || (timeline?.steps.length ?? 0) > 0) && (
            <Timeline
              key={run.id}
              timeline={timeline}
              workers={status.workerCounts.node + status.workerCounts.browser}
            />
          )}
          <Workers
            status={status}
            run={run.id}
            timeline={timeline}
            admin={greeting.admin && goesOn}
            isOver={!goesOn}
            onRefused={setRefused}
          />
          {!isWaiting && (
            <div class="two">
              <SmallCurves {...curves} />
            </div>
          )}
        </div>
        <div class={isWaiting ? 'full' : 'column side'} key={`events ${isWaiting}`}>
          <Events events={events} />
          {model && !isWaiting && <TryIt key={run.id} run={run.id} model={model} step={status.step} />}
        </div>
        {model && !isWaiting && (
          <div class="full about-model">
            <Confusion model={model} />
            <Mistakes model={model} />
            <Histograms model={model} />
            <Layers model={model} />
          </div>
        )}
      </main>
    </>
  );
}

/** The view by which this tab contributes: loaded when it is first wanted. */
function useContribution(): { Panel: ComponentType | undefined; contribute(): void } {
  const [view, setView] = useState<{ Panel: ComponentType }>();
  const contribute = () =>
    void import('./join/join-view.js').then(({ JoinView }) => setView({ Panel: JoinView }));
  return { Panel: view?.Panel, contribute };
}
