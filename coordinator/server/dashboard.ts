/** What the dashboard asks for: `GET /api/...`, of one run or, with `?run=ID`, of one among several. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Greeting } from '../../shared/monitoring.js';
import type { Role } from '../../shared/roles.js';
import type { RunView } from '../monitor/run-view.js';
import { answerJson, answerText } from './answer.js';

/** Larger models are not sent to be tried in a browser. */
const MAX_PARAMETERS = 32 << 20;

export interface Dashboard {
  /** Names this start of the server. */
  server: string;
  runs: readonly RunView[];
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
  const id = query.get('run');
  const run = id === null ? dashboard.runs[0] : dashboard.runs.find((run) => run.id === id);
  if (!run) {
    answerText(response, 404, 'no such run\n');
    return true;
  }
  const json = (value: unknown) => answerJson(request, response, value);
  const number = (name: string) => numberOf(query.get(name));
  switch (pathname) {
    case '/api/runs':
      json(greetingOf(dashboard, request, roles));
      return true;
    case '/api/status':
      json(run.status());
      return true;
    case '/api/history': {
      const { from, to, points, every } = {
        from: number('from'),
        to: number('to'),
        points: number('points'),
        every: number('every'),
      };
      json(run.history.view({ from, to, points, every }));
      return true;
    }
    case '/api/events':
      json(run.events.from(number('from')));
      return true;
    case '/api/timeline':
      json(run.timeline());
      return true;
    case '/api/model':
      json(run.model());
      return true;
    case '/api/network':
      json(run.network());
      return true;
    case '/api/weights':
      serveWeights(request, response, run);
      return true;
    default:
      return false;
  }
}

/** Whatever the visitor wrote: no text is an error here. */
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
      const { name: model, parameters } = run.model();
      return {
        id: run.id,
        name: run.name,
        model,
        parameters,
        batchSize: run.status().batchSize,
        shards: run.shards,
      };
    }),
  };
}

/** The flat vector as little-endian float32, with its version in a header. */
function serveWeights(request: IncomingMessage, response: ServerResponse, run: RunView): void {
  if (run.model().parameters > MAX_PARAMETERS)
    return answerText(response, 413, 'the model is too large to be tried in a browser\n');
  const { version, values } = run.weights();
  const body = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  response.writeHead(200, {
    'Content-Type': 'application/octet-stream',
    'Content-Length': body.length,
    'Cache-Control': 'no-store',
    'X-Version': version,
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** A whole number, or undefined for whatever else a visitor wrote. */
function numberOf(text: string | null): number | undefined {
  const value = text === null || text === '' ? Number.NaN : Number(text);
  return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
