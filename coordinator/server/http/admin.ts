/**
 * `POST /api/admin/ACTION`: what an admin does to a run. The body is a small JSON object.
 *
 * Who is an admin has been decided before (`rights.ts`). Against pages from elsewhere that act in the admin's
 * name there are two walls: the Origin must be our own, and a header is asked for that no form can send.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import { ROLES, type Role } from '../../../shared/protocol/roles.js';
import type { ContinuationView } from '../../../shared/status/monitoring.js';
import { isOver } from '../../../shared/status/status.js';
import type { Continuation } from '../../run/continuation.js';
import type { RunLifecycle } from '../../run/lifecycle.js';
import type { Run } from '../../run/run.js';
import type { Codes } from '../access/codes.js';
import { ADMIN_HEADER, isOwnPage } from '../network/origin.js';
import { answerJson } from './answer.js';
import { MAX_BODY_BYTES, readJson } from './body.js';

/** What concerns the server, and no single run. */
export interface ServerActions {
  /** Short codes of tokens. */
  codes: Codes;
  /** Makes a token; undefined where none is asked for. */
  invite(role: Role, lifeMs: number | undefined): Promise<string | undefined>;
}

export interface AdminActions {
  /** The run is over: nothing can be changed any more. */
  isOver(): boolean;
  pause(): void;
  resume(): void;
  stop(): void;
  checkpoint(): void;
  learningRate(learningRate: number): void;
  /** @returns whether there is such a worker */
  removeWorker(id: number): boolean;
  /** How it may go on, once it is over; null: it cannot. */
  continuation(): ContinuationView | null;
  goOn(how: Continuation): void;
}

export function actionsOf(
  { control, core, progress }: Run,
  lifecycle: Pick<RunLifecycle<unknown>, 'stop'>,
): Omit<AdminActions, 'continuation' | 'goOn'> {
  return {
    isOver: () => progress.state === 'saving' || isOver(progress.state),
    pause: () => control.request({ what: 'pause' }),
    resume: () => control.request({ what: 'resume' }),
    checkpoint: () => control.request({ what: 'checkpoint' }),
    learningRate: (learningRate) => control.request({ what: 'learning-rate', learningRate }),
    stop: () => lifecycle.stop(),
    removeWorker: (id) => core.swarm.disconnections.remove(id),
  };
}

const learningRateBody = z.strictObject({ learningRate: z.number().positive().finite().max(1e6) });
const continuationBody = z.strictObject({
  from: z.enum(['last', 'best']),
  learningRate: z.number().positive().finite().max(1e6).optional(),
});
const MOST_HOURS = 24 * 366;
const inviteBody = z.strictObject({
  role: z.enum(ROLES),
  hours: z.int().min(1).max(MOST_HOURS).optional(),
  /** Whether a short code is wanted too; only of guests, who can do the least. */
  isShort: z.boolean().optional(),
});
const workerBody = z.strictObject({ worker: z.int().min(0) });

export async function serveAdmin(
  request: IncomingMessage,
  response: ServerResponse,
  actions: AdminActions | undefined,
  server: Partial<ServerActions>,
): Promise<void> {
  const refuse = (code: number, error: string) => answerJson(request, response, { error }, code);
  if (!isOwnPage(request))
    return refuse(403, `only our own pages may do this; from elsewhere it needs the header ${ADMIN_HEADER}`);
  if (!actions) return refuse(409, 'the run is shown from its files: it cannot be changed');
  const action = request.url?.split('?')[0]?.slice('/api/admin/'.length);
  if (actions.isOver() && action !== 'go-on')
    return refuse(409, 'the run is over: it cannot be changed any more');
  const body = await readJson(request);
  if (body === undefined)
    return refuse(400, `the body must be a JSON object of at most ${MAX_BODY_BYTES} bytes`);
  switch (action) {
    case 'pause':
    case 'resume':
    case 'stop':
    case 'checkpoint':
      actions[action]();
      break;
    case 'learning-rate': {
      const { success, data } = learningRateBody.safeParse(body);
      if (!success) return refuse(400, 'learningRate must be a number above 0');
      actions.learningRate(data.learningRate);
      break;
    }
    case 'go-on': {
      const { success, data } = continuationBody.safeParse(body);
      if (!success) return refuse(400, 'from must be last or best, learningRate a number above 0');
      const step = actions.continuation()?.[data.from] ?? null;
      if (step === null) return refuse(409, `the run cannot go on from its ${data.from} checkpoint here`);
      actions.goOn({ ...data, step });
      break;
    }
    case 'invite': {
      const { success, data } = inviteBody.safeParse(body);
      if (!success) return refuse(400, `role must be one of ${ROLES.join(', ')}, hours a whole number`);
      const lifeMs = data.hours === undefined ? undefined : data.hours * 3600e3;
      const token = await server.invite?.(data.role, lifeMs);
      if (token === undefined)
        return refuse(409, 'no token is asked for: the address of the join page is enough');
      const isShort = data.isShort && data.role === 'volunteer';
      return answerJson(request, response, {
        token,
        ...(isShort ? { code: server.codes?.make(token) } : {}),
      });
    }
    case 'remove-worker': {
      const { success, data } = workerBody.safeParse(body);
      if (!success) return refuse(400, 'worker must be the id of a worker');
      if (!actions.removeWorker(data.worker)) return refuse(404, `there is no worker ${data.worker}`);
      break;
    }
    default:
      return refuse(404, 'no such action');
  }
  answerJson(request, response, { done: action });
}
