/**
 * The routes: pages, health, what the dashboard asks for, what admins do, and the objects that workers
 * fetch by their hash. Nothing in a request is ever used as a file name.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { may, type Role } from '../../../shared/protocol/roles.js';
import { isOver } from '../../../shared/status/status.js';
import { messageOf } from '../../../shared/user-error.js';
import type { Metrics } from '../../monitor/prometheus.js';
import type { Authenticator, Refusal } from '../access/authenticator.js';
import { type Codes, isCode } from '../access/codes.js';
import {
  type AllowedOrigins,
  allowedOriginOf,
  answerPreflight,
  shareWith,
  withoutCookies,
} from '../network/allowed-origins.js';
import type { Clients } from '../network/clients.js';
import type { AnswerTime } from '../network/limits.js';
import { type ServerActions, serveAdmin } from './admin.js';
import { answerJson, answerText } from './answer.js';
import { type Dashboard, runOf, serveDashboard, targetOf } from './dashboard.js';
import { secure } from './headers.js';
import type { LiveFeed } from './live.js';
import { serveObject } from './objects.js';
import { routeOf } from './rights.js';
import { serveSession } from './session.js';
import { type StaticFiles, serveStatic } from './static.js';

export interface Served extends Partial<ServerActions> {
  authenticator: Authenticator;
  pages: StaticFiles;
  dashboard: Dashboard;
  answerTime: AnswerTime;
  /** Of other sites' pages that may contribute. */
  origins: AllowedOrigins;
  /** Absent where runs are shown from their files. */
  metrics?: Pick<Metrics, 'contentType' | 'text'> | undefined;
  /** Told of answers that failed, which is a defect. */
  warn?(text: string): void;
}

export function handleRequest(
  request: IncomingMessage,
  response: ServerResponse,
  served: Served,
  live: LiveFeed,
  clients: Clients,
): void {
  secure(response, clients.isSecure(request));
  // An answer that fails is told to who asked for it, and ends nothing else.
  const fail = (error: unknown) => {
    served.warn?.(`${request.method} ${targetOf(request).pathname} failed: ${messageOf(error)}`);
    if (response.headersSent) response.destroy();
    else answerText(response, 500, 'this answer has failed: a defect of the coordinator\n');
  };
  try {
    route(request, response, served, live, clients)?.catch(fail);
  } catch (error) {
    fail(error);
  }
}

/** @returns what is still to come of an answer that takes its time */
function route(
  request: IncomingMessage,
  response: ServerResponse,
  { authenticator, pages, dashboard, metrics, answerTime, origins, invite, codes }: Served,
  live: LiveFeed,
  clients: Clients,
): Promise<void> | void {
  const { pathname } = targetOf(request);
  const row = routeOf(pathname);
  if (!row) return answerText(response, 404, 'not found\n');
  if (row.isShared && origins.size > 0) {
    response.setHeader('Vary', 'Origin');
    const origin = allowedOriginOf(request, origins);
    if (origin !== undefined) {
      shareWith(origin, response);
      withoutCookies(request);
      if (request.method === 'OPTIONS') return answerPreflight(response, row.methods);
    }
  }
  if (!row.methods.includes(request.method ?? '')) {
    response.setHeader('Allow', row.methods.join(', '));
    return answerText(response, 405, `only ${row.methods.join(' and ')} are served here\n`);
  }
  if (pathname === '/api/session')
    return serveSession(request, response, authenticator, () =>
      dashboard.runs.every((run) => isOver(run.status().state)),
    );
  if (pathname.startsWith('/j/')) return serveCode(request, response, authenticator, codes);
  const result = row.may === 'anyone' ? NOBODY : authenticator.ofRequest(request);
  if ('refused' in result) return refuse(request, response, result.refused);
  const { principal } = result;
  if (!may(row.may, principal.roles)) {
    // A route that does not exist is shown to no visitor.
    if (row.may.length === 0) return answerText(response, 404, 'not found\n');
    const error = `only ${(row.may as readonly string[]).join(', ')} may do this`;
    return answerJson(request, response, { error }, 403);
  }
  if (dashboard.live && pathname.startsWith('/objects/'))
    return serveObject(request, response, dashboard.runs, authenticator.auth === 'tokens');
  if (pathname.startsWith('/api/admin/')) {
    const run = runOf(dashboard.runs, request);
    return run
      ? serveAdmin(request, response, run.live?.actions, invite && codes ? { invite, codes } : {})
      : answerText(response, 404, 'no such run\n');
  }
  if (pathname === '/metrics' && metrics) return serveMetrics(response, metrics);
  if (pathname === '/healthz') return answerText(response, 200, 'ok\n');
  if (pathname.startsWith('/api/')) {
    const address = clients.addressOf(request);
    const watch = () => {
      const forget = authenticator.watch(principal, () => response.destroy());
      response.on('close', forget);
      live.serve(request, response, principal.roles, address);
    };
    const show = () => void serveDashboard(request, response, dashboard, principal.roles);
    const answer = pathname === '/api/live' ? watch : show;
    // An admin, whom nobody shall keep out, is not counted.
    if ((principal.roles as readonly Role[]).includes('admin')) return answer();
    if (answerTime.spend(address, answer)) return;
    response.setHeader('Retry-After', '1');
    return answerText(response, 429, 'too much was asked: try again in a second\n');
  }
  if (serveStatic(request, response, pages)) return;
  if (pathname !== '/') return answerText(response, 404, 'not found\n');
  answerText(
    response,
    200,
    'A swarmgrad coordinator; its pages are not built (npm run build). Status: /api/status\n',
  );
}

/** A short code leads to the join page, with its token where servers and their logs never see it. */
function serveCode(
  request: IncomingMessage,
  response: ServerResponse,
  authenticator: Authenticator,
  codes: Codes | undefined,
): void {
  const code = targetOf(request).pathname.slice('/j/'.length);
  if (!isCode(code)) return answerText(response, 404, 'no such code\n');
  const token = codes?.tokenOf(code);
  // A wrong code is counted as a wrong token is, and whoever has tried too many is told nothing of a right one.
  const isLetIn =
    authenticator.auth === 'tokens' && !('refused' in authenticator.ofToken(token ?? code, request));
  const Location = isLetIn && token ? `../join#token=${token}` : '../join';
  response.writeHead(302, { Location, 'Cache-Control': 'no-store', 'Content-Length': 0 }).end();
}

async function serveMetrics(
  response: ServerResponse,
  metrics: NonNullable<Served['metrics']>,
): Promise<void> {
  const body = Buffer.from(await metrics.text());
  const headers = {
    'Content-Type': metrics.contentType,
    'Cache-Control': 'no-store',
    'Content-Length': body.length,
  };
  response.writeHead(200, headers).end(response.req.method === 'HEAD' ? undefined : body);
}

/** The visitor of routes that are open to everyone. */
const NOBODY = { principal: { roles: [] } };

const REFUSALS: Record<Refusal, { code: number; error: string }> = {
  missing: { code: 401, error: 'a token is needed: open the link you were given, or send it as a bearer' },
  wrong: { code: 401, error: 'the token is not valid: it may have been revoked, or have expired' },
  expired: { code: 401, error: "the token has expired, by the clock of the coordinator's machine" },
  tooMany: { code: 429, error: 'too many wrong tokens from this address: try again later' },
};

function refuse(request: IncomingMessage, response: ServerResponse, refusal: Refusal): void {
  const { code, error } = REFUSALS[refusal];
  if (code === 401) response.setHeader('WWW-Authenticate', 'Bearer realm="swarmgrad"');
  else response.setHeader('Retry-After', '10');
  answerJson(request, response, { error }, code);
}
