/** The rows of workers that those who watch are sent: few of many, and each one to be found. */
import { describe, expect, it } from 'vitest';
import type { Status, WorkerStatus } from '../../../shared/status/status.js';
import { MAX_ROWS, shownStatus, workersView } from './worker-rows.js';

/** Every third one is a volunteer's tab. */
const workers = Array.from(
  { length: 10_000 },
  (_, id) =>
    ({
      ...{ id, name: `Worker-${id}`, state: id % 2 === 0 ? 'idle' : 'computing' },
      ...(id % 3 === 0
        ? { kind: 'browser', role: 'volunteer', engine: 'compiled/wasm' }
        : { kind: 'node', role: 'worker', engine: 'compiled/cpu' }),
    }) as WorkerStatus,
);
const idsOf = (rows: WorkerStatus[]) => rows.map(({ id }) => id);

describe('a status that is sent', () => {
  it('counts all workers, and has the rows of the first hundred', () => {
    const { workerCounts, workers: rows, step } = shownStatus({ step: 7, workers } as Status);
    expect(workerCounts).toEqual({ node: 6666, browser: 3334 });
    expect(idsOf(rows)).toEqual(Array.from({ length: MAX_ROWS }, (_, id) => id));
    expect(step).toBe(7);
  });
});

describe('a search among workers', () => {
  it('finds them by name, kind, role, engine and state, in any case; each word must be there', () => {
    const found = (search: string) => workersView({ workers }, 0, search).matching;
    expect([found('worker-9999'), found('TAB'), found('volunteer'), found('compiled/cpu')]).toEqual([
      1, 3334, 3334, 6666,
    ]);
    expect([found('tab idle'), found('  '), found('tab compiled/cpu'), found('nobody')]).toEqual([
      1667, 10_000, 0, 0,
    ]);
  });

  it('tells how many there are, and pages through them without a gap', () => {
    const seen: number[] = [];
    for (;;) {
      const page = workersView({ workers }, seen.length, 'tab');
      expect(page.matching).toBe(3334);
      seen.push(...idsOf(page.workers));
      if (page.workers.length < MAX_ROWS) break;
    }
    expect(seen).toEqual(idsOf(workers.filter(({ kind }) => kind === 'browser')));
  });
});
