/**
 * The visitor's session: a link may carry a token after its #, which servers and their logs never see. It
 * goes to the coordinator once, which keeps it in a cookie that no script can read, and out of the address.
 */
import type { SessionView } from '../../shared/monitoring.js';
import type { Role } from '../../shared/roles.js';

/** To be called first of all. @throws Error in words for people, if the coordinator does not answer */
export async function openSession(): Promise<SessionView> {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const token = fragment.get('token');
  try {
    if (token === null) return await answerOf(fetch('/api/session'));
    const headers = { 'Content-Type': 'application/json', 'X-Swarmgrad-Admin': '1' };
    return await answerOf(
      fetch('/api/session', { method: 'POST', headers, body: JSON.stringify({ token }) }),
    );
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
  return `Your link is for another purpose (${roles.join(', ')}). Ask for another.`;
}

async function answerOf(answer: Promise<Response>): Promise<SessionView> {
  const response = await answer;
  const view = (await response.json()) as SessionView;
  if (!Array.isArray(view.roles)) throw new Error(`the coordinator answered ${response.status}`);
  return view;
}
