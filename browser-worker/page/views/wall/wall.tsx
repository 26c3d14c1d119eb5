/**
 * The page for a projector, readable from the back of the room: what is trained, how good it is, its curve, how to join,
 * and a tile for each who helps. `?title=` gives the sentence on top, `?names=hidden` leaves names out.
 */
import { useEffect } from 'preact/hooks';
import type { Greeting, StatusView } from '../../../../shared/status/monitoring.js';
import { isOver } from '../../../../shared/status/status.js';
import { MetricCurve, useCurves } from '../../curves/charts.js';
import { useFeed } from '../../data/feed.js';
import { count, duration, percent } from '../../data/format.js';
import { figureOf } from './figure.js';
import { Joining } from './joining.js';

/** More tiles are too small to be read. */
const TILES = 48;
const LONGEST_TITLE = 120;

export function Wall() {
  const { connection, era, greeting, status, events } = useFeed(undefined);
  if (!greeting || !status)
    return (
      <main class="bare">
        <p role="status">
          {connection === 'lost' ? 'The coordinator does not answer. Trying again…' : 'Connecting…'}
        </p>
      </main>
    );
  return <Shown {...{ era, greeting, status, events, isLost: connection === 'lost' }} />;
}

interface ShownProps {
  era: number;
  greeting: Greeting;
  status: StatusView;
  events: Parameters<typeof useCurves>[2]['events'];
  isLost: boolean;
}

function Shown({ era, greeting, status, events, isLost }: ShownProps) {
  const run = greeting.runs[0]!;
  const curves = useCurves(greeting.runs.slice(0, 1), run.id, { era, step: status.step, events });
  const given = new URLSearchParams(location.search);
  const title = given.get('title')?.slice(0, LONGEST_TITLE) || `Together we train ${run.name}`;
  const { what, number, of } = figureOf(status);
  const goesOn = greeting.live && !isOver(status.state);
  const helpers = status.workerCounts.node + status.workerCounts.browser;
  useEffect(() => {
    document.title = title;
  }, [title]);
  return (
    <main class="projector">
      <header>
        <h1>{title}</h1>
        <p role="status">
          {isLost ? 'The coordinator does not answer…' : goesOn ? timeLeft(status) : status.state}
        </p>
      </header>
      <section class="figure" aria-label="How good it is">
        <p>{what}</p>
        <p class="number">
          <span data-testid="wall-number">{number}</span> <small>{of}</small>
        </p>
        <progress class="bar" max={1} value={status.step / status.steps} aria-label="Progress of the run" />
        <p>
          {percent(status.step / status.steps, 0)} of the training is done
          {status.best && status.metric === status.best.metric && `, best ${percent(status.best.value, 1)}`}
        </p>
      </section>
      <MetricCurve {...curves} height={320} />
      {goesOn && greeting.join && <Joining greeting={greeting} />}
      <section class="helpers" aria-labelledby="helpers-title">
        <h2 id="helpers-title">
          {helpers === 1 ? '1 helper' : `${count(helpers)} helpers`}
          {helpers > TILES && <small>the first {TILES} are shown</small>}
        </h2>
        <ul>
          {status.workers.slice(0, TILES).map(({ id, name, samples, state }, i) => (
            <li key={id}>
              {/* It is another one with each contribution that counts, and so begins to shine anew. */}
              <i key={samples} class={samples > 0 ? 'pulse' : ''} />
              <b>{given.get('names') === 'hidden' ? `Helper ${i + 1}` : name}</b>
              <span>{samples > 0 ? `${count(samples)} records` : state}</span>
            </li>
          ))}
        </ul>
      </section>
    </main>
  );
}

const timeLeft = ({ state, secondsLeft }: StatusView): string =>
  secondsLeft === null ? state : `${duration(secondsLeft)} to go`;
