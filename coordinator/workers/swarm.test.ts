import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { layoutOf } from '../../shared/numerics/layout.js';
import { readHeader } from '../../shared/protocol/frame.js';
import { type Join, PROTOCOL_VERSION } from '../../shared/protocol/messages.js';
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
    expect(swarm.lanesAdvice.given).toMatchObject({ shards: 4, lanes: 32 });
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
    expect(swarmOf(5500).looks).toBe(200);
    expect(swarmOf(10_500)).toEqual({ looks: 100, progress: 10 * 10_500 });
  });
});

describe('a worker that still holds weights when it joins', () => {
  const WEIGHTS = Float32Array.of(1, -2.5, 3);
  const RIGHT = createHash('sha256').update(new Uint8Array(WEIGHTS.buffer)).digest('hex');

  /** What it is sent by a coordinator at version 4. */
  function sentTo(holds: Join['holds']) {
    const layout = layoutOf([{ name: 'w', shape: [3], trainable: true }]);
    const { swarm, pipeline } = testCore({ layout });
    pipeline.state.restore(4, new Map([['weights', WEIGHTS]]));
    const sent: string[] = [];
    const peer: Peer = {
      ...PEER,
      send: (message) => void sent.push(message.type),
      sendFrame: (header) => void sent.push(`weights of version ${readHeader(header).step}`),
    };
    const join = { type: 'join', name: 'anna', kind: 'node', protocol: PROTOCOL_VERSION } as const;
    const worker = swarm.join(peer, { ...join, ...(holds && { holds }) });
    swarm.ready(worker, READY);
    swarm.synced(worker);
    return { sent, swarm, pipeline };
  }

  it('is sent none of them where they are the current ones, and the next version as ever', () => {
    const { sent, swarm, pipeline } = sentTo({ version: 4, sha256: RIGHT });
    expect(sent).toEqual(['welcome', 'keep']);
    pipeline.begin(() => 1, 0.1);
    pipeline.add(1, 0, new Uint8Array(12));
    swarm.chunkReady();
    expect(sent).toEqual(['welcome', 'keep', 'weights of version 5']);
  });

  it('is sent none where it holds what coded weights have made of the current ones', () => {
    const layout = layoutOf([{ name: 'w', shape: [256], trainable: true }]);
    const { swarm, pipeline } = testCore({ layout, coding: 'bf16' });
    pipeline.state.restore(4, new Map([['weights', new Float32Array(256).fill(1 + 2 ** -10)]]));
    const rounded = new Float32Array(256).fill(1);
    const sha256 = createHash('sha256').update(new Uint8Array(rounded.buffer)).digest('hex');
    const sent: string[] = [];
    const peer: Peer = { ...PEER, send: ({ type }) => void sent.push(type) };
    const join = { type: 'join', name: 'anna', kind: 'node', protocol: PROTOCOL_VERSION } as const;
    swarm.ready(swarm.join(peer, { ...join, holds: { version: 4, sha256 } }), READY);
    expect(sent).toEqual(['welcome', 'keep']);
  });

  it('is sent the changes that it has missed, where it comes back soon enough, and all where it does not', () => {
    const layout = layoutOf([{ name: 'w', shape: [256], trainable: true }]);
    const { swarm, pipeline } = testCore({ layout, coding: 'delta4' });
    const hash = (values: Float32Array) =>
      createHash('sha256').update(new Uint8Array(values.buffer)).digest('hex');
    const step = () => {
      pipeline.begin(() => 1, 0.1);
      pipeline.add(1, 0, new Uint8Array(Float32Array.from({ length: 256 }, (_, i) => i).buffer));
      pipeline.end();
    };
    step();
    const holds = { version: 1, sha256: hash(pipeline.held.flat()) };
    const comeBack = () => {
      const sent: string[] = [];
      const peer: Peer = {
        ...PEER,
        send: ({ type }) => void sent.push(type),
        sendFrame: (header, { length }) => void sent.push(`${readHeader(header).step}: ${length}`),
      };
      const join = { type: 'join', name: 'anna', kind: 'node', protocol: PROTOCOL_VERSION } as const;
      swarm.ready(swarm.join(peer, { ...join, holds }), READY);
      return sent;
    };
    const change = 2 * 4 + 256 / 2;
    for (let version = 2; version < 9; version++) step();
    const all = Array.from({ length: 7 }, (_, i) => `${2 + i}: ${change}`);
    expect(comeBack()).toEqual(['welcome', 'keep', ...all]);
    step();
    expect(comeBack()).toEqual(['welcome', `9: ${4 * 256}`]);
    expect(swarm.weightsCounts).toEqual({ keyframes: 1, differed: 0 });
  });

  it.each<[string, Join['holds']]>([
    ['it holds none', undefined],
    ['they are of an older version', { version: 3, sha256: RIGHT }],
    [
      'they are of a later version, which a coordinator that came back has not made yet',
      { version: 5, sha256: RIGHT },
    ],
    [
      'their hash is another',
      { version: 4, sha256: RIGHT.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) },
    ],
  ])('is sent all of them where %s', (_, holds) => {
    expect(sentTo(holds).sent).toEqual(['welcome', 'weights of version 4']);
  });
});

describe('what a worker has made of changes', () => {
  /** A worker that has been sent version 64, and what it was sent of messages and weights. */
  function compared() {
    const layout = layoutOf([{ name: 'w', shape: [256], trainable: true }]);
    const events: string[] = [];
    const { swarm, pipeline } = testCore({ layout, coding: 'delta4', tell: ({ text }) => events.push(text) });
    const sent: unknown[] = [];
    const closed: string[] = [];
    const peer: Peer = {
      ...PEER,
      send: ({ type, ...message }) => void (type === 'check' && sent.push(message)),
      sendFrame: (header, { length }) => void sent.push([readHeader(header).step, length]),
      close: (reason) => void closed.push(reason),
    };
    const join = { type: 'join', name: 'anna', kind: 'node', protocol: PROTOCOL_VERSION } as const;
    const worker = swarm.join(peer, join);
    swarm.ready(worker, READY);
    for (let version = 1; version <= 64; version++) {
      pipeline.begin(() => 1, 0.1);
      pipeline.add(1, 0, new Uint8Array(new Float32Array(256).fill(version % 5).buffer));
      pipeline.end();
      swarm.chunkReady();
    }
    return { swarm, pipeline, worker, sent, closed, events };
  }

  it('is compared every 64 versions, right after them; who differs is sent all of it, which is counted and told', () => {
    const { swarm, pipeline, worker, sent, events } = compared();
    const sha256 = createHash('sha256').update(new Uint8Array(pipeline.held.flat().buffer)).digest('hex');
    expect(sent.slice(0, 2)).toEqual([
      [0, 1024],
      [1, 136],
    ]);
    expect(sent.slice(64)).toEqual([[64, 136], { version: 64, sha256 }]);
    swarm.differs(worker, { type: 'differs', version: 64 });
    expect(sent.at(-1)).toEqual([64, 1024]);
    expect(swarm.weightsCounts).toEqual({ keyframes: 2, differed: 1 });
    expect(events.at(-1)).toMatch(/^anna held other weights than it was sent, at version 64/);
  });

  it('may differ once, and only where it was compared: who says so otherwise is sent away', () => {
    for (const versions of [[63], [64, 64], [65]]) {
      const { swarm, worker, closed } = compared();
      for (const version of versions) {
        expect(closed).toEqual([]);
        swarm.differs(worker, { type: 'differs', version });
      }
      expect(closed).toEqual(['unexpected']);
    }
  });
});
