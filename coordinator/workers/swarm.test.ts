import { describe, expect, it } from 'vitest';
import { layoutOf } from '../../shared/numerics/layout.js';
import type { RunEvent } from '../../shared/status/events.js';
import { ManualClock } from '../../test/support/simulation/memory-network.js';
import { testCore } from '../../test/support/simulation/test-run.js';
import type { Peer } from './peer.js';

const PEER: Peer = {
  bufferedBytes: () => 0,
  sendFrame: (_header, _body, flushed) => flushed(),
  send: () => undefined,
  close: () => undefined,
};
const READY = { type: 'ready', engine: 'stub', engineClass: 'any', reason: 'a test' } as const;

describe('a swarm with more lanes than a step has shards', () => {
  function swarmOf(shards: number | 'auto') {
    const events: RunEvent[] = [];
    const layout = layoutOf([{ name: 'w', shape: [1], trainable: true }]);
    const { swarm } = testCore({ layout, shards, shardSamples: 16, tell: (event) => events.push(event) });
    const join = (name: string, lanes?: number) => {
      const worker = swarm.join(PEER, { type: 'join', name, kind: 'node' } as never);
      swarm.ready(worker, { ...READY, ...(lanes && { lanes }) });
      swarm.synced(worker);
    };
    const advice = () => events.filter(({ type }) => type === 'idle-lanes').map(({ text }) => text);
    return { swarm, join, advice };
  }

  it('says so once, with the options that would use all', () => {
    const { swarm, join, advice } = swarmOf(4);
    join('one core');
    join('three cores', 3);
    expect(advice()).toEqual([]);
    join('many cores', 28);
    join('more cores', 64);
    expect(advice()).toEqual([
      'a step has 4 shards, these workers 32 lanes: `--batch-size 512 --shards 32` would use all',
    ]);
    expect(swarm.idleLanes).toMatchObject({ shards: 4, lanes: 32 });
  });

  it('says nothing where each worker gets one shard by the choice of the run', () => {
    const { join, advice } = swarmOf('auto');
    join('many cores', 28);
    expect(advice()).toEqual([]);
  });
});

describe('a swarm of very many', () => {
  function swarmOf(size: number) {
    const clock = new ManualClock();
    const layout = layoutOf([{ name: 'w', shape: [1], trainable: true }]);
    const { swarm } = testCore({ layout, shardSamples: 16, clock });
    const heard = { looks: 0, progress: 0 };
    const hear = ({ type }: { type: string }) => void (heard.looks += Number(type === 'tick'));
    const send = ({ type }: { type: string }) => void (heard.progress += Number(type === 'progress'));
    for (let i = 0; i < size; i++)
      swarm.join({ ...PEER, send }, { type: 'join', name: `w${i}`, kind: 'node' } as never);
    swarm.begin({ hear, fail: () => undefined });
    /** A hundred seconds, as the coordinator's timers have it. */
    const pass = () => {
      for (const end = clock.time + 100_000; clock.time < end; clock.time += 10) {
        swarm.look();
        if (clock.time % 1000 === 0) swarm.tellProgress({ step: 1, steps: 2, loss: 0, samplesTrained: 0 });
      }
      return heard;
    };
    return pass();
  }

  it('is looked at, and told how the run goes, as often as a small one, up to 500', () => {
    expect(swarmOf(500)).toEqual({ looks: 10_000, progress: 100 * 500 });
  });

  it('is looked at less often, so that looks at twice as many cost the same, and told every 10 s at least', () => {
    expect(swarmOf(5500).looks).toBe(1000);
    expect(swarmOf(10_500)).toEqual({ looks: 500, progress: 10 * 10_500 });
  });
});
