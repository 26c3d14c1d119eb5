/** What the dashboard asks for: `GET /api/...`, of one run or, with `?run=ID`, of one among several. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Role } from '../../../shared/protocol/roles.js';
import type { Greeting } from '../../../shared/status/monitoring.js';
import { type RunView, VIEWS } from '../../monitor/views.js';
import type { ObjectStore } from '../../prepare/data/store.js';
import type { Swarm } from '../../workers/swarm.js';
import { WeightsCopies } from '../../workers/weights/weights-copies.js';
import type { AdminActions } from './admin.js';
import { answerJson, answerText } from './answer.js';

/** Larger models are not sent to be tried in a browser. */
const MAX_PARAMETERS = 32 << 20;

/** The longest download of the weights: a slower client is cut off, since a copy of them waits in memory. */
const LONGEST_DOWNLOAD_MS = 10 * 60_000;
const COPIES = new WeakMap<RunView, WeightsCopies>();

/** A run that is served: under way, or read from its files. */
export interface ServedRun extends RunView {
  /** Absent where the run is shown from its files: nothing joins it, or changes it. */
  live?: { swarm: Swarm; objects: Pick<ObjectStore, 'get'>; actions: AdminActions };
}

export interface Dashboard {
  /** Names this start of the server. */
  server: string;
  runs: readonly ServedRun[];
  live: boolean;
  /** Whether joining takes a token. */
  tokens: boolean;
  /** Where others join, as this visitor would call it. */
  join(request: IncomingMessage): string;
}

/** @returns whether there is such a route */
export function serveDashboard(
  request: IncomingMessage,
  response: ServerResponse,
  dashboard: Dashboard,
  roles: readonly Role[],
): boolean {
  const { pathname, query } = targetOf(request);
  if (!pathname.startsWith('/api/')) return false;
  const run = runOf(dashboard.runs, request);
  if (!run) {
    answerText(response, 404, 'no such run\n');
    return true;
  }
  const view = VIEWS.find(({ path }) => path === pathname);
  if (view)
    answerJson(
      request,
      response,
      view.of(
        run,
        (name) => numberOf(query.get(name)),
        (name) => query.get(name) ?? undefined,
      ),
    );
  else if (pathname === '/api/runs') answerJson(request, response, greetingOf(dashboard, request, roles));
  else if (pathname === '/api/weights') serveWeights(request, response, run);
  else return false;
  return true;
}

/** The run that is asked for by `?run=ID`; the first, where none is named. */
export function runOf<R extends RunView>(runs: readonly R[], request: IncomingMessage): R | undefined {
  const id = targetOf(request).query.get('run');
  return id === null ? runs[0] : runs.find((run) => run.id === id);
}

/** Reads any text of a visitor: no text is an error here. */
export function targetOf({ url = '/' }: IncomingMessage): { pathname: string; query: URLSearchParams } {
  const [pathname = '/', query = ''] = url.split(/\?(.*)/s);
  return { pathname, query: new URLSearchParams(query) };
}

export function greetingOf(
  { server, runs, live, join, tokens }: Dashboard,
  request: IncomingMessage,
  roles: readonly Role[],
): Greeting {
  return {
    server,
    admin: live && roles.includes('admin'),
    live,
    tokens,
    join: live ? join(request) : '',
    runs: runs.map((run) => {
      const { name: model, parameters } = run.monitor.model();
      return {
        id: run.id,
        name: run.name,
        model,
        parameters,
        batchSize: run.status().batchSize,
        shards: run.shards,
        stepsPerEpoch: run.stepsPerEpoch,
      };
    }),
  };
}

/** The flat vector as little-endian float32, with its version in a header. */
function serveWeights(request: IncomingMessage, response: ServerResponse, run: RunView): void {
  if (run.monitor.model().parameters > MAX_PARAMETERS)
    return answerText(response, 413, 'the model is too large to be tried in a browser\n');
  let copies = COPIES.get(run);
  if (!copies) COPIES.set(run, (copies = new WeightsCopies()));
  const { version, body, done } = copies.take(run.monitor.weights());
  const late = setTimeout(() => response.destroy(), LONGEST_DOWNLOAD_MS).unref();
  response.on('close', () => {
    clearTimeout(late);
    done();
  });
  response.writeHead(200, {
    'Content-Type': 'application/octet-stream',
    'Content-Length': body.length,
    'Cache-Control': 'no-store',
    'X-Version': version,
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** A whole number, or undefined for any other text of a visitor. */
function numberOf(text: string | null): number | undefined {
  const value = text === null || text === '' ? Number.NaN : Number(text);
  return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
