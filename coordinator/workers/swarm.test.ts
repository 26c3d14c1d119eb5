import { describe, expect, it } from 'vitest';
import { layoutOf } from '../../shared/numerics/layout.js';
import type { RunEvent } from '../../shared/status/events.js';
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
