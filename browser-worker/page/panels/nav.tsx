/** Links to the views. On a phone they stand at the bottom, where the thumb is. */
import { hashOf, type Route, VIEWS } from '../data/route.js';

export const Nav = ({ route }: { route: Route }) => (
  <nav class="views" aria-label="Views">
    {VIEWS.map(([view, name]) => {
      const isHere = route.view === view || (route.view === 'worker' && view === 'swarm');
      return (
        <a key={view} href={hashOf({ view })} aria-current={isHere ? 'page' : undefined}>
          {name}
        </a>
      );
    })}
  </nav>
);
