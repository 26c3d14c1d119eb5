import { describe, expect, it } from 'vitest';
import { Worker } from '../scheduling/worker.js';
import { LandingQueue, WAITED_BYTES } from './landing-queue.js';

const BODY = WAITED_BYTES;

/** A queue for so many places. */
function setup(places: number) {
  let [time, free, isOpen] = [0, places, true];
  const pipeline = {
    takes: () => isOpen,
    lend: (bytes: number) => (free > 0 ? new Uint8Array(free-- && bytes) : undefined),
  };
  const queue = new LandingQueue(pipeline, () => time);
  const read: string[] = [];
  const workers: Worker[] = [];
  return {
    read,
    workers,
    asks(name: string, bytes = BODY, canWait = true) {
      const worker = new Worker({ id: workers.length, name, kind: 'node' }, 0);
      workers.push(worker);
      const named = (place: Uint8Array | undefined) => read.push(`${name} ${place ? 'placed' : 'copied'}`);
      const place = queue.lend(worker, bytes, canWait ? named : undefined);
      return place instanceof Uint8Array ? place.length : place;
    },
    freed() {
      free++;
      queue.freed();
    },
    ends() {
      isOpen = false;
    },
    pass(ms: number) {
      for (const until = time + ms; time < until; ) {
        time += 10;
        queue.passed();
      }
    },
    queue,
  };
}

describe('bodies of frames that all come at once', () => {
  it('are read as places become free, in the order in which they came', () => {
    const { asks, freed, read } = setup(1);
    expect(asks('a')).toBe(BODY);
    expect([asks('b'), asks('c')]).toEqual(['later', 'later']);
    freed();
    expect(read).toEqual(['b placed']);
    // Nobody passes those who wait.
    expect(asks('d')).toBe('later');
    freed();
    freed();
    expect(read).toEqual(['b placed', 'c placed', 'd placed']);
    freed();
    expect(asks('e')).toBe(BODY);
  });

  it('are read at once and copied where they are small, cannot wait, or belong to no step', () => {
    const { asks, ends, read } = setup(0);
    expect(asks('small', BODY - 1)).toBeUndefined();
    expect(asks('of another reader', BODY, false)).toBeUndefined();
    ends();
    expect(asks('after the step')).toBeUndefined();
    expect(read).toEqual([]);
  });

  it('wait for no place once their connection has ended', () => {
    const { asks, freed, read, queue, workers } = setup(0);
    asks('a');
    asks('b');
    queue.forget(workers[0]!);
    freed();
    expect(read).toEqual(['b placed']);
  });

  it('wait for a second where no place becomes free, whoever holds them', () => {
    const { asks, pass, read } = setup(0);
    asks('a');
    pass(500);
    asks('b');
    pass(490);
    expect(read).toEqual([]);
    pass(10);
    expect(read).toEqual(['a copied']);
    pass(500);
    expect(read).toEqual(['a copied', 'b copied']);
  });

  it('wait for five seconds at most, though others get places', () => {
    const { asks, pass, read, freed } = setup(0);
    for (let i = 0; i < 7; i++) asks(`${i}`);
    for (let i = 0; i < 5; i++) {
      pass(900);
      freed();
    }
    pass(490);
    const placed = [0, 1, 2, 3, 4].map((i) => `${i} placed`);
    expect(read).toEqual(placed);
    pass(10);
    expect(read).toEqual([...placed, '5 copied', '6 copied']);
  });

  it('keep nobody from being taken to be alive', () => {
    const { asks, pass, queue, workers } = setup(0);
    asks('a');
    pass(800);
    queue.excuse();
    expect(workers[0]!.lastHeard).toBe(800);
    pass(300);
    expect(workers[0]!.lastHeard).toBe(1000);
    queue.excuse();
    expect(workers[0]!.lastHeard).toBe(1000);
  });
});
