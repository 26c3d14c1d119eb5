/** A run under way, served: its workers, its pages, its metrics, what admins do to it, and what its caller has of it. */
import { randomUUID } from 'node:crypto';
import { basename } from 'node:path';
import type { InProcessDoor } from '../../shared/protocol/in-process.js';
import type { LoggedEvent } from '../../shared/status/events.js';
import type { ContinuationView } from '../../shared/status/monitoring.js';
import { isOver, type Status } from '../../shared/status/status.js';
import type { Watch } from '../monitor/create-monitor.js';
import type { EventLog } from '../monitor/event-log.js';
import { Metrics } from '../monitor/prometheus.js';
import type { ServerCounts } from '../monitor/server-counts.js';
import { followStatus } from '../monitor/status/status.js';
import type { Prepared } from '../prepare/prepare.js';
import type { Summary } from '../record/folder/summary.js';
import { stepsPerEpoch } from '../run/batches.js';
import { type Continuation, Continuations } from '../run/continuation.js';
import type { RunLifecycle } from '../run/lifecycle.js';
import type { Cleanup } from '../setup/cleanup.js';
import type { LedRun } from '../setup/create-lifecycle.js';
import type { OpenedRun } from '../setup/open-run.js';
import type { FirstTokens } from './access/access.js';
import { tokenFile } from './access/token-file.js';
import { actionsOf } from './http/admin.js';
import type { ServedRun } from './http/dashboard.js';
import { openStaticFiles } from './http/static.js';
import { joinAddress, reachableLocally } from './network/addresses.js';
import { type Serving, serve } from './serve.js';

/** @throws UserError if a file cannot be used, or the address not be listened on */
export async function serveRun(
  { folder: { dir }, configuration }: OpenedRun,
  { objects }: Prepared,
  { run, record, lifecycle }: LedRun,
  { monitor }: Watch,
  cleanup: Cleanup,
): Promise<{ server: Serving; status(): Status; continuations: Continuations }> {
  const status = followStatus(run, record, monitor.history.course, dir, cleanup);
  const continuations = new Continuations();
  const continuation = (): ContinuationView | null => {
    const { progress, control } = run;
    if (!continuations.isOffered || !isOver(progress.state)) return null;
    const { step: last } = record.checkpointStatus(0);
    const best = progress.watching.watched?.best?.step ?? null;
    return {
      last: progress.state === 'finished' ? null : last,
      best: best !== null && last !== null && best < last ? best : null,
      learningRate: control.peak,
    };
  };
  const served: ServedRun = {
    id: '0',
    name: basename(dir),
    shards: String(run.options.shards),
    stepsPerEpoch: stepsPerEpoch(run.options.epochPlan),
    configuration,
    monitor,
    status,
    continuation,
    live: {
      ...{ swarm: run.core.swarm, objects },
      actions: { ...actionsOf(run, lifecycle), continuation, goOn: (how) => continuations.ask(how) },
    },
  };
  const routes = {
    pages: openStaticFiles(),
    dashboard: { server: randomUUID(), runs: [served], live: true },
    metrics: (counts: ServerCounts) =>
      new Metrics(status, counts, monitor.stepSeconds, run.core.swarm.weightsCounts),
    join: joinAddress,
  };
  const serverOptions = {
    ...configuration,
    tokens: configuration.tokens ?? tokenFile(dir),
    locally: configuration.localWorkers > 0,
  };
  const server = await serve(serverOptions, routes, monitor.events.warn);
  cleanup.defer(() => server.close());
  return { server, status, continuations };
}

/** Who stops a run waits so long for files that cannot be written. */
const STOP_PATIENCE_MS = 5_000;

/** A coordinator in this process, and its run. */
export interface RunningCoordinator {
  /** `http://HOST:PORT` or `https://HOST:PORT`, with the port that was really taken. */
  url: string;
  /** The URL by which this machine's own workers come. */
  localUrl: string;
  /** Absolute path of the run's folder. */
  runDir: string;
  /** Tokens that were made now, since there were none; undefined if none are asked for. Told only once. */
  firstTokens: FirstTokens | undefined;
  /** What workers on this machine show, as long as this process lives; undefined if none is asked for. */
  localToken: string | undefined;
  /** How a worker of this process joins: `startWorkerWithin`. */
  door: InProcessDoor;
  /** How the run stands now. */
  status(): Status;
  /** Hears of what people want to know, as it happens. Returns a function that ends it. */
  onEvent(listener: (event: LoggedEvent) => void): () => void;
  /** Resolves once the run is over and all of its files are written; `status` tells how it ended. */
  finished: Promise<Summary>;
  /**
   * Offers admins that the run goes on once it is over: resolves when one asks for it. Whoever calls this closes the
   * coordinator then, and starts the run again.
   */
  continued(): Promise<Continuation>;
  /** Ends the run after the step in hand, with a checkpoint. Resolves with `finished`. */
  stop(): Promise<Summary>;
  /** Stops serving. A run that is not over is stopped first. */
  close(): Promise<void>;
  /** `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

export interface CoordinatorParts {
  runDir: string;
  door: InProcessDoor;
  server: Serving;
  events: EventLog;
  lifecycle: RunLifecycle<Summary>;
  status(): Status;
  continuations: Continuations;
  finished: Promise<Summary>;
  /** Ends all that the coordinator has started. */
  cleanup: Cleanup;
}

export function runningCoordinator(parts: CoordinatorParts): RunningCoordinator {
  const { runDir, door, server, events, lifecycle, status, finished, cleanup } = parts;
  const { url, localUrl = reachableLocally(url), firstTokens } = server;
  const stop = async () => {
    lifecycle.stop(STOP_PATIENCE_MS);
    return finished;
  };
  const close = async () => {
    lifecycle.stop(0);
    await finished.catch(() => undefined);
    await cleanup.run();
  };
  const localToken = server.issue('worker', 'local workers');
  const onEvent = (listener: (event: LoggedEvent) => void) => events.listen(listener);
  return {
    ...{ url, localUrl, runDir, firstTokens, localToken, door, status, onEvent, finished, stop, close },
    continued: () => parts.continuations.offer(),
    [Symbol.asyncDispose]: close,
  };
}
