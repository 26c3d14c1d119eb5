import { describe, expect, it } from 'vitest';
import { Worker } from '../../scheduling/worker.js';
import { PartLeases } from './part-leases.js';

/** How often leases are asked whose they are, while each of so many workers takes two parts, delivers one and is lost. */
function looksAtLeases(count: number): number {
  const leases = new PartLeases();
  const workers = Array.from(
    { length: count },
    (_, id) => new Worker({ id, name: `w${id}`, kind: 'node' }, 0),
  );
  let looks = 0;
  for (const part of Array(2 * count).keys())
    leases.add({
      ...{ part, samples: 1, since: 0 },
      get worker() {
        looks++;
        return workers[part % count]!;
      },
    });
  for (const [part, worker] of workers.entries()) {
    leases.delivered(leases.of(worker, part)!, { computeMs: 1 }, 1);
    for (const lease of leases.ofWorker(worker)) leases.release(lease);
  }
  expect(leases.all()).toEqual([]);
  return looks;
}

describe('the leases of an evaluation', () => {
  it('are found by part and by worker: an answer costs as much among a thousand as among ten', () => {
    expect(looksAtLeases(1000)).toBe(100 * looksAtLeases(10));
  });

  it('are those of one worker in the order in which it got them, and of one part whoever holds it', () => {
    const [ada, bob] = ['ada', 'bob'].map((name, id) => new Worker({ id, name, kind: 'node' }, 0)) as [
      Worker,
      Worker,
    ];
    const leases = new PartLeases();
    for (const [part, worker] of [
      [4, ada],
      [2, bob],
      [2, ada],
    ] as const)
      leases.add({ part, samples: 1, worker, since: 0 });
    expect(leases.ofWorker(ada).map(({ part }) => part)).toEqual([4, 2]);
    expect(leases.ofPart(2).map(({ worker }) => worker.name)).toEqual(['bob', 'ada']);
    expect(leases.of(bob, 4)).toBeUndefined();
    leases.release(leases.of(ada, 2)!);
    expect(leases.ofPart(2).map(({ worker }) => worker.name)).toEqual(['bob']);
    expect(leases.ofWorker(ada).map(({ part }) => part)).toEqual([4]);
  });
});
