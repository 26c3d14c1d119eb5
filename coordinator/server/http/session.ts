/**
 * `/api/session`: a page asks what its visitor may do, and hands over the token of the link by which it was
 * opened. The token goes into a cookie that scripts cannot read, and is gone from the page.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import type { SessionView } from '../../../shared/status/monitoring.js';
import type { Authenticator, AuthResult } from '../access/authenticator.js';
import { isOwnPage } from '../network/origin.js';
import { answerJson } from './answer.js';
import { readJson } from './body.js';

const body = z.strictObject({ token: z.string().min(1).max(200) });

export async function serveSession(
  request: IncomingMessage,
  response: ServerResponse,
  authenticator: Authenticator,
  isOver: () => boolean,
): Promise<void> {
  const answer = (result: AuthResult, code = 200) =>
    answerJson(request, response, viewOf(authenticator, result, isOver), code);
  if (request.method !== 'POST' && request.method !== 'DELETE')
    return answer(authenticator.ofRequest(request));
  // Else a page from elsewhere could make its visitor go on under another's token.
  if (!isOwnPage(request))
    return answerJson(request, response, { error: 'only our own pages may do this' }, 403);
  if (request.method === 'DELETE') {
    response.setHeader('Set-Cookie', authenticator.cookie('', request));
    return answer({ refused: 'missing' });
  }
  const { success, data } = body.safeParse(await readJson(request));
  if (!success) return answerJson(request, response, { error: 'the body must be {"token": TEXT}' }, 400);
  const result = authenticator.ofToken(data.token, request);
  if ('refused' in result) return answer(result, result.refused === 'tooMany' ? 429 : 401);
  if (authenticator.auth === 'tokens')
    response.setHeader('Set-Cookie', authenticator.cookie(data.token, request));
  answer(result);
}

const viewOf = ({ auth }: Authenticator, result: AuthResult, isOver: () => boolean): SessionView => ({
  auth,
  roles: 'principal' in result ? result.principal.roles : [],
  // To a page it is a link that is not valid any more.
  refused: 'refused' in result ? (result.refused === 'expired' ? 'wrong' : result.refused) : null,
  isOver: 'principal' in result && isOver(),
});
