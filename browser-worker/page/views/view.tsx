/** The view that the address names. */
import type { Greeting } from '../../../shared/status/monitoring.js';
import { CurveControls, FlagList, MainCurves, SmallCurves } from '../curves/charts.js';
import { Pinned } from '../curves/pinned.js';
import type { Route } from '../data/route.js';
import { Timeline } from '../panels/timeline.js';
import { Workers } from '../panels/workers.js';
import { ConfigView } from './config-view.js';
import { LogView } from './log-view.js';
import { ModelView } from './model-view.js';
import { Overview } from './overview.js';
import type { Shown } from './shown.js';
import { WorkerView } from './worker-view.js';

export function View({ route, runs, ...shown }: Shown & { route: Route; runs: Greeting['runs'] }) {
  const { run, events, model } = shown;
  switch (route.view) {
    case 'charts':
      return <Charts {...shown} />;
    case 'swarm':
      return <Swarm {...shown} />;
    case 'worker':
      return <WorkerView key={route.worker} worker={route.worker} {...shown} />;
    case 'model':
      return <ModelView model={model} />;
    case 'config':
      return <ConfigView runs={runs} chosen={run} />;
    case 'log':
      return <LogView events={events} run={runs.find(({ id }) => id === run)?.name ?? run} />;
    default:
      return <Overview {...shown} />;
  }
}

const Charts = ({ curves }: Shown) => (
  <>
    <CurveControls {...curves} />
    <Pinned {...curves} />
    <MainCurves {...curves} isKept />
    <SmallCurves {...curves} />
    <FlagList {...curves} />
  </>
);

const Swarm = ({ run, status, timeline, admin, goesOn, onRefused }: Shown) => (
  <>
    <div class="full">
      <Timeline
        key={run}
        timeline={timeline}
        workers={status.workerCounts.node + status.workerCounts.browser}
      />
    </div>
    <div class="full">
      <Workers {...{ status, run, timeline, admin, onRefused }} isOver={!goesOn} />
    </div>
  </>
);
