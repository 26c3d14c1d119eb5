/** The dashboard: hears of the run, and shows the view that the address names. */
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ModelView, TimelineView } from '../../shared/status/monitoring.js';
import { isOver } from '../../shared/status/status.js';
import { useCurves } from './curves/charts.js';
import { show, shownNow } from './data/address.js';
import { useAdmin } from './data/admin.js';
import { type Heard, useFeed } from './data/feed.js';
import { percent } from './data/format.js';
import { usePolled } from './data/polled.js';
import { useRoute, VIEWS } from './data/route.js';
import { Invite } from './join/invite.js';
import { GoOn } from './panels/go-on.js';
import { Header } from './panels/header.js';
import { Kpis } from './panels/kpis.js';
import { Notices } from './panels/notices.js';
import { Commands } from './views/commands/commands.js';
import { View } from './views/view.js';

const TIMELINE_MS = 1000;
const MODEL_MS = 5000;

export function App() {
  const [chosen, setChosen] = useState(shownNow().run);
  const choose = (run: string) => {
    setChosen(run);
    show({ run });
  };
  const heard = useFeed(chosen);
  const { connection, greeting, status } = heard;
  if (!greeting || !status) {
    return (
      <main class="bare">
        <p role="status">
          {connection === 'lost' ? 'The coordinator does not answer. Trying again…' : 'Connecting…'}
        </p>
      </main>
    );
  }
  return <Dashboard {...{ ...heard, greeting, status, chosen, choose }} />;
}

interface DashboardProps extends Required<Heard> {
  chosen: string | undefined;
  choose(run: string): void;
}

function Dashboard({ connection, era, greeting, status, events, chosen, choose }: DashboardProps) {
  const run = greeting.runs.find(({ id }) => id === chosen) ?? greeting.runs[0]!;
  const route = useRoute();
  const goesOn = greeting.live && !isOver(status.state);
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
  const admin = useAdmin(setRefused);
  const curves = useCurves(greeting.runs, run.id, { era, step: status.step, events });
  const { Panel, contribute } = useContribution();
  useEffect(() => {
    const view = VIEWS.find(([name]) => name === route.view && name !== 'overview')?.[1];
    const place = view ? `${view} – ${run.name}` : run.name;
    document.title = `${percent(status.step / status.steps, 0)} ${status.state} – ${place}`;
  }, [status.step, status.state, status.steps, run.name, route.view]);
  const isWaiting = goesOn && status.step === 0 && route.view === 'overview';
  const invite = () => setInviting(!inviting);
  return (
    <>
      <Header
        {...{ greeting, status, run, admin, route }}
        contributing={Panel !== undefined}
        onContribute={contribute}
        onChoose={choose}
        onInvite={invite}
      />
      <main class="dashboard">
        <Notices
          {...{ connection, status, refused }}
          goOn={
            greeting.admin &&
            isOver(status.state) && (
              <GoOn key={era} run={run.id} state={`${era} ${status.state}`} admin={admin} />
            )
          }
        />
        {Panel && (
          <section class="full contribute" aria-label="This tab">
            <Panel />
          </section>
        )}
        {(route.view === 'overview' || route.view === 'charts') && <Kpis status={status} />}
        {goesOn && greeting.join && (inviting || isWaiting) && (
          <Invite
            join={greeting.join}
            tokens={greeting.tokens}
            admin={greeting.admin}
            runDir={status.runDir}
          />
        )}
        <View
          {...{ route, status, timeline, model, events, curves, goesOn }}
          run={run.id}
          runs={greeting.runs}
          admin={greeting.admin && goesOn}
          onRefused={setRefused}
        />
      </main>
      <Commands
        {...{ greeting, status, goesOn, curves, choose, invite, contribute }}
        ask={greeting.admin && goesOn ? admin.ask : undefined}
      />
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
