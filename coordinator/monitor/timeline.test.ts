import { describe, expect, it } from 'vitest';
import { Timeline, timesByWorker } from './timeline.js';

const contribution = (changes: object) => ({
  worker: 1,
  name: 'ada',
  shard: 0,
  shards: 4,
  leasedAt: 100,
  announcedAt: 160,
  computeMs: 50,
  countedAt: 165,
  ...changes,
});

describe('the timeline', () => {
  it('tells when each contribution was leased, computed and counted, from the beginning of its step', () => {
    const timeline = new Timeline();
    timeline.contribution(contribution({}));
    timeline.contribution(
      contribution({ worker: 2, name: 'bob', shard: 4, announcedAt: 190, computeMs: 80, countedAt: 200 }),
    );
    timeline.stepped(7, 200);
    const { steps, workers } = timeline.view();
    expect(steps).toEqual([
      {
        step: 7,
        milliseconds: 100,
        segments: [
          { worker: 1, shard: 0, shards: 4, leased: 0, started: 10, computed: 60, counted: 65 },
          { worker: 2, shard: 4, shards: 4, leased: 0, started: 10, computed: 90, counted: 100 },
        ],
      },
    ]);
    expect(workers).toEqual([
      { id: 1, name: 'ada', shares: { download: 0.1, compute: 0.5, upload: 0.05, wait: 0.35 } },
      { id: 2, name: 'bob', shares: { download: 0.1, compute: 0.8, upload: 0.1, wait: 0 } },
    ]);
  });

  it('lets the second node of a worker begin when the first was computed', () => {
    const timeline = new Timeline();
    timeline.contribution(contribution({}));
    timeline.contribution(contribution({ shard: 4, announcedAt: 200, computeMs: 40, countedAt: 210 }));
    timeline.stepped(1, 210);
    const [first, second] = timeline.view().steps[0]!.segments;
    expect(second!.leased).toBe(first!.computed);
    const { shares } = timeline.view().workers[0]!;
    expect(shares.download + shares.compute + shares.upload + shares.wait).toBeCloseTo(1, 2);
  });

  it('believes no computing time that is longer than the lease', () => {
    const timeline = new Timeline();
    timeline.contribution(contribution({ computeMs: 1e9 }));
    timeline.stepped(1, 165);
    expect(timeline.view().steps[0]!.segments[0]).toMatchObject({ leased: 0, started: 0, computed: 60 });
  });

  it('remembers where the time of those went who take no part any more, by name', () => {
    const timeline = new Timeline();
    timeline.contribution(contribution({ worker: 9, name: 'eve' }));
    timeline.contribution(contribution({}));
    timeline.stepped(1, 200);
    expect(timeline.view().departed).toEqual([]);
    for (let step = 2; step <= 30; step++) {
      timeline.contribution(contribution({}));
      timeline.stepped(step, 200);
    }
    expect(timeline.view().departed).toEqual([
      { name: 'eve', shares: { download: 0.1, compute: 0.5, upload: 0.05, wait: 0.35 } },
    ]);
  });

  it('forgets old steps, and of a step with very many contributions the later ones', () => {
    const timeline = new Timeline();
    for (let step = 1; step <= 100; step++) {
      for (let i = 0; i < 2000; i++) timeline.contribution(contribution({ worker: i }));
      timeline.stepped(step, 165);
    }
    const { steps } = timeline.view(1000);
    expect(steps.length).toBeLessThanOrEqual(32);
    expect(steps.at(-1)!.step).toBe(100);
    expect(steps.at(-1)!.segments.length).toBeLessThanOrEqual(1024);
  });

  it('looks at each contribution of a step once, however many workers there are', () => {
    const looksAt = (count: number) => {
      let looks = 0;
      const segments = Array.from({ length: count }, (_, id) => ({
        ...{ shard: id, shards: 1, leased: 0, started: 1, computed: 2, counted: 3 },
        get worker() {
          looks++;
          return id;
        },
      }));
      expect(timesByWorker({ step: 1, milliseconds: 3, segments }).size).toBe(count);
      return looks;
    };
    expect(looksAt(1000)).toBe(100 * looksAt(10));
  });
});
