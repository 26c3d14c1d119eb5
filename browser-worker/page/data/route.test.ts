import { expect, it } from 'vitest';
import { hashOf, type Route, routeOf, VIEWS } from './route.js';

it('each view and each worker has an address that leads back to it', () => {
  const routes: Route[] = [...VIEWS.map(([view]) => ({ view })), { view: 'worker', worker: 12 }];
  expect(new Set(routes.map(hashOf)).size).toBe(routes.length);
  for (const route of routes) expect(routeOf(hashOf(route))).toEqual(route);
});

it.each(['', '#', '#/', '#/nothing', '#/worker', '#/worker/x', '#/charts/<b>', '#token=abc'])(
  '%s is the overview',
  (hash) => {
    expect(routeOf(hash)).toEqual({ view: 'overview' });
  },
);
