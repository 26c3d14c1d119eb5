/**
 * Which workers' rows those who watch are sent: the first hundred with each status, and any others when they are
 * asked for. So what is sent is bounded, however many workers a run has; a row of each is still made for it.
 */
import type { StatusView, WorkersView } from '../../../shared/status/monitoring.js';
import type { Status, WorkerStatus } from '../../../shared/status/status.js';

/** Rows of a status, and of an answer to a search. */
export const MAX_ROWS = 100;

/** The status as it is sent: with how many workers there are, and the rows of the first. */
export function shownStatus(status: Status): StatusView {
  const { workers } = status;
  const tabs = workers.filter(({ kind }) => kind === 'browser').length;
  return {
    ...status,
    workerCounts: { node: workers.length - tabs, browser: tabs },
    workers: workers.slice(0, MAX_ROWS),
  };
}

/** @param from how many of the rows that match are passed over @param search part of what a row says, in any case */
export function workersView({ workers }: Pick<Status, 'workers'>, from = 0, search = ''): WorkersView {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const matching = workers.filter((worker) => {
    const said = saidOf(worker);
    return words.every((word) => said.includes(word));
  });
  return { matching: matching.length, workers: matching.slice(from, from + MAX_ROWS) };
}

const saidOf = ({ id, name, kind, role, engine, state }: WorkerStatus): string =>
  [`#${id}`, name, kind === 'browser' ? 'browser tab' : kind, role, engine, state].join('\n').toLowerCase();
