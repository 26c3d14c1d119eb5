/** Mounts a page once it is known that its visitor may use it; otherwise says why not. */
import { type ComponentChild, render } from 'preact';
import type { Role } from '../../shared/protocol/roles.js';
import type { SessionView } from '../../shared/status/monitoring.js';
import { isOneOf, openSession, refusalText } from './data/session.js';
import './styles/styles.css';

/** @param roles those that may use it */
export async function mount(
  roles: readonly Role[],
  page: (session: SessionView) => ComponentChild,
): Promise<void> {
  const at = document.getElementById('app')!;
  try {
    const session = await openSession();
    render(isOneOf(session, roles) ? page(session) : <Refused {...session} why={refusalText(session)} />, at);
  } catch {
    render(<Refused why="The coordinator does not answer. Reload the page to try again." />, at);
  }
}

const Refused = ({ why, roles = [] }: { why: string; roles?: SessionView['roles'] }) => (
  <main class="join">
    <h1>No entry</h1>
    <p role="alert">{why}</p>
    {roles.includes('volunteer') && (
      <p>
        <a href="./join">Help with your device: open the join page</a>
      </p>
    )}
  </main>
);
