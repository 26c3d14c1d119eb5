import { describe, expect, it } from 'vitest';
import { Worker } from '../../scheduling/worker.js';
import { Standings } from './standings.js';

const worker = () => new Worker({ id: 1, name: 'eve', kind: 'node' }, 0);

describe('a worker for which others were asked as well', () => {
  it('is doubtful when that happens twice on end, and no more once it has delivered', () => {
    const eve = worker();
    eve.overdue();
    expect(eve.isDoubtful).toBe(false);
    eve.overdue();
    expect(eve.isDoubtful).toBe(true);
    eve.delivered();
    expect(eve.isDoubtful).toBe(false);
  });

  it('is not doubtful while it answers with what it had computed when it was told to stop, for some steps', () => {
    const eve = worker();
    for (let step = 0; step < 3; step++) {
      eve.overdue();
      expect(eve.isDoubtful).toBe(step > 1);
      eve.delivered(true);
    }
  });

  it('is doubtful again at once, however long it has let others wait, when it delivers and does not in turns', () => {
    const eve = worker();
    for (let step = 0; step < 100; step++) eve.overdue();
    eve.delivered();
    eve.delivered();
    expect(eve.isDoubtful).toBe(false);
    eve.overdue();
    expect(eve.isDoubtful).toBe(true);
  });
});

describe('what is remembered of an identity', () => {
  it('is its doubt, and one more for what it was computing when it left', () => {
    const standings = new Standings();
    const eve = worker();
    eve.overdue();
    standings.left('eve', { ...eve, state: 'computing' });
    expect(standings.doubtOf('eve')).toBe(2);
    expect(standings.doubtOf('anna')).toBe(0);
    standings.left('eve', { ...worker(), state: 'idle' });
    expect(standings.doubtOf('eve')).toBe(0);
  });

  it('are leases that ran out: after three of them it rests for ten minutes', () => {
    const standings = new Standings();
    for (let times = 1; times <= 3; times++) {
      expect(standings.isResting('eve', 5)).toBe(false);
      standings.expired('eve', 5);
      standings.left('eve', { ...worker(), state: 'computing' });
    }
    expect(standings.isResting('eve', 6)).toBe(true);
    expect(standings.isResting('anna', 6)).toBe(false);
    expect(standings.isResting('eve', 5 + 600_000)).toBe(false);
  });

  it('is bounded: the oldest is forgotten', () => {
    const standings = new Standings();
    for (let at = 0; at <= 10_000; at++) standings.left(`eve ${at}`, { doubt: 1, state: 'idle' });
    expect([standings.doubtOf('eve 0'), standings.doubtOf('eve 1')]).toEqual([0, 1]);
  });
});
