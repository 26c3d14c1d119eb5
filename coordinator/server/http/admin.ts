/**
 * `POST /api/admin/ACTION`: what an admin does to a run. The body is a small JSON object.
 *
 * Who is an admin has been decided before (`rights.ts`). Against pages from elsewhere that act in the admin's
 * name there are two walls: the Origin must be our own, and a header is asked for that no form can send.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import { isOver } from '../../../shared/status/status.js';
import type { RunLifecycle } from '../../run/lifecycle.js';
import type { Run } from '../../run/run.js';
import { ADMIN_HEADER, isOwnPage } from '../network/origin.js';
import { answerJson } from './answer.js';
import { MAX_BODY_BYTES, readJson } from './body.js';

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
}

export function actionsOf(
  { control, core, progress }: Run,
  lifecycle: Pick<RunLifecycle<unknown>, 'stop'>,
): AdminActions {
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
const workerBody = z.strictObject({ worker: z.int().min(0) });

export async function serveAdmin(
  request: IncomingMessage,
  response: ServerResponse,
  actions: AdminActions | undefined,
): Promise<void> {
  const refuse = (code: number, error: string) => answerJson(request, response, { error }, code);
  if (!isOwnPage(request))
    return refuse(403, `only our own pages may do this; from elsewhere it needs the header ${ADMIN_HEADER}`);
  if (!actions) return refuse(409, 'the run is shown from its files: it cannot be changed');
  if (actions.isOver()) return refuse(409, 'the run is over: it cannot be changed any more');
  const body = await readJson(request);
  if (body === undefined)
    return refuse(400, `the body must be a JSON object of at most ${MAX_BODY_BYTES} bytes`);
  const action = request.url?.split('?')[0]?.slice('/api/admin/'.length);
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
