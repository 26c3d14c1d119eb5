/**
 * `/api/session`: a page asks what its visitor may do, and hands over the token of the link by which it was
 * opened. The token goes into a cookie that scripts cannot read, and is gone from the page.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import type { SessionView } from '../../shared/monitoring.js';
import type { Gate, Verdict } from '../access/gate.js';
import { answerJson } from './answer.js';
import { readJson } from './body.js';
import { isOwnPage } from './origin.js';

const body = z.object({ token: z.string().min(1).max(200) });

export async function serveSession(
  request: IncomingMessage,
  response: ServerResponse,
  gate: Gate,
): Promise<void> {
  const answer = (verdict: Verdict, code = 200) => answerJson(request, response, viewOf(gate, verdict), code);
  if (request.method !== 'POST' && request.method !== 'DELETE') return answer(gate.ofRequest(request));
  // Else a page from elsewhere could make its visitor go on under another's token.
  if (!isOwnPage(request))
    return answerJson(request, response, { error: 'only our own pages may do this' }, 403);
  if (request.method === 'DELETE') {
    response.setHeader('Set-Cookie', gate.cookie('', request));
    return answer({ refused: 'missing' });
  }
  const { success, data } = body.safeParse(await readJson(request));
  if (!success) return answerJson(request, response, { error: 'the body must be {"token": TEXT}' }, 400);
  const verdict = gate.ofToken(data.token, request);
  if ('refused' in verdict) return answer(verdict, verdict.refused === 'tooMany' ? 429 : 401);
  if (gate.auth === 'tokens') response.setHeader('Set-Cookie', gate.cookie(data.token, request));
  answer(verdict);
}

const viewOf = ({ auth }: Gate, verdict: Verdict): SessionView => ({
  auth,
  roles: 'visitor' in verdict ? verdict.visitor.roles : [],
  refused: 'refused' in verdict ? verdict.refused : null,
});
