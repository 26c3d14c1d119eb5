/**
 * The visitor's session: a link may carry a token after its #, which servers and their logs never see. It
 * goes to the coordinator once, which keeps it in a cookie that no script can read, and out of the address.
 */

import type { Role } from '../../../shared/protocol/roles.js';
import type { SessionView } from '../../../shared/status/monitoring.js';
import { BASE } from '../../base.js';

const SESSION = `${BASE}/api/session`;

/** Opens the session; call it before any other request. @throws Error for display, if no coordinator answers */
export async function openSession(): Promise<SessionView> {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const token = fragment.get('token');
  try {
    if (token === null) return await answerOf(fetch(SESSION));
    const headers = { 'Content-Type': 'application/json', 'X-Swarmgrad-Admin': '1' };
    return await answerOf(fetch(SESSION, { method: 'POST', headers, body: JSON.stringify({ token }) }));
  } finally {
    if (token !== null) history.replaceState(null, '', location.pathname + location.search);
  }
}

export const isOneOf = ({ roles }: SessionView, wanted: readonly Role[]): boolean =>
  wanted.some((role) => roles.includes(role));

/** Why the page cannot be shown. */
export function refusalText({ roles, refused }: SessionView): string {
  if (refused === 'tooMany') return 'Too many wrong tokens came from this network. Try again in a minute.';
  if (refused === 'wrong') return 'This link is not valid any more. Ask for another.';
  if (refused === 'missing') return 'This page needs the link that you were given. Open it again.';
  if (roles.includes('volunteer')) return 'Your link lets this device help, and not watch.';
  return `Your link is for another purpose (${roles.join(', ')}). Ask for another.`;
}

async function answerOf(answer: Promise<Response>): Promise<SessionView> {
  const response = await answer;
  const view = (await response.json()) as SessionView;
  if (!Array.isArray(view.roles)) throw new Error(`the coordinator answered ${response.status}`);
  return view;
}
