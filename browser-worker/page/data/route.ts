/** Which view is shown, in the address' fragment: each has one of its own, which can be sent and gone back to. */
import { useEffect, useState } from 'preact/hooks';

/** In the order of their links; a number key leads to each. */
export const VIEWS = [
  ['overview', 'Overview'],
  ['charts', 'Charts'],
  ['swarm', 'Swarm'],
  ['model', 'Model'],
  ['config', 'Config'],
  ['log', 'Log'],
] as const;
export type ViewName = (typeof VIEWS)[number][0];

/** A view, or the page of one worker by its id. */
export type Route = { view: ViewName } | { view: 'worker'; worker: number };

/** What is no view is the overview. */
export function routeOf(hash: string): Route {
  const [, name = '', detail = ''] = /^#\/([a-z]+)(?:\/(\d{1,15}))?$/.exec(hash) ?? [];
  if (name === 'worker' && detail) return { view: 'worker', worker: Number(detail) };
  return { view: VIEWS.find(([view]) => view === name)?.[0] ?? 'overview' };
}

export const hashOf = (route: Route): string =>
  route.view === 'worker' ? `#/worker/${route.worker}` : `#/${route.view === 'overview' ? '' : route.view}`;

export function useRoute(): Route {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const changed = () => {
      setHash(location.hash);
      scrollTo(0, 0);
    };
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return routeOf(hash);
}

export const go = (route: Route): void => {
  location.hash = hashOf(route);
};
