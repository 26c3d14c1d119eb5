/** Who is given which lease, and when it is taken back. A step of four shards of four samples. */
import { describe, expect, it } from 'vitest';
import { leafCount, shardBounds } from '../../shared/numerics/tree.js';
import { assigned, lease, measured, oneStep } from '../../test/support/simulation/one-step.js';

const [anna, ben, carl] = [{ name: 'anna' }, { name: 'ben' }, { name: 'carl' }];
const cancel = (name: string, id: number, node: number) => `cancel -> ${name} (${id}): node ${node}`;

describe('the first leases of a step', () => {
  it('follow what workers are known to do', () => {
    expect(oneStep({ workers: [measured('anna', 300), measured('ben')] }).begin()).toEqual([
      lease('anna', 1, 2),
      lease('anna', 1, 6),
      lease('ben', 2, 7),
    ]);
  });

  it('go out in the order in which workers have joined, to each its largest first', () => {
    expect(oneStep({ workers: [measured('anna'), measured('ben', 300)] }).begin()).toEqual([
      lease('anna', 1, 7),
      lease('ben', 2, 2),
      lease('ben', 2, 6),
    ]);
  });

  it('are also for newcomers, in small parts', () => {
    const { begin, worker, of } = oneStep({ workers: [anna, ben], batch: { bounds: shardBounds(128, 8) } });
    worker('anna').credit({ samples: 100, computeMs: 1000, waitMs: 0, turnaroundMs: 1001 });
    begin();
    const shares = of('send').map(({ worker: { name }, message }) => [
      ...[name, leafCount(8, (message as { node: number }).node)],
    ]);
    expect(shares.sort()).toEqual([
      ['anna', 1],
      ['anna', 4],
      ['ben', 1],
      ['ben', 2],
    ]);
  });

  it('are fewer where each costs more', () => {
    const slowToSend = (name: string, speed: number) => ({ name, measured: { speed, overheadMs: 10_000 } });
    expect(oneStep({ workers: [slowToSend('anna', 300), slowToSend('ben', 100)] }).begin()).toEqual([
      lease('anna', 1, 1),
    ]);
    // Three shards are two leases: of newcomers nothing is known that speaks against it.
    const bounds = shardBounds(128, 8);
    const { begin, of } = oneStep({ workers: [anna, ben, carl], batch: { bounds } });
    begin();
    expect(of('send')).toHaveLength(5);
  });

  it('say which shards, where they begin and end, and which chunks may be sent', () => {
    const { begin, of } = oneStep({
      ...{ workers: [anna, ben], chunks: 5, reach: 2 },
      batch: { step: 6, epoch: 3, bounds: [0, 4, 9, 12, 16] },
    });
    begin();
    expect(of('send').map(({ message }) => message)).toEqual(
      [
        { node: 2, firstShard: 0, bounds: [0, 4, 9] },
        { node: 3, firstShard: 2, bounds: [9, 12, 16] },
      ].map((part) => ({ type: 'lease', step: 6, epoch: 3, ...part, fromChunk: 0, window: 2 })),
    );
  });

  it('ask a volunteer for all chunks at once', () => {
    const { begin, of } = oneStep({
      ...{ workers: [{ ...anna, role: 'volunteer' as const }], chunks: 5, reach: 2 },
    });
    begin();
    expect(of('send')[0]!.message).toMatchObject({ fromChunk: 0, window: 5 });
  });

  it('are those that were assigned; what was assigned to somebody who has left goes to others', () => {
    const { begin, roster, worker } = oneStep({ workers: [anna, ben], ...assigned(3, 2) });
    roster.remove(worker('anna'));
    expect(begin()).toEqual([lease('ben', 2, 2), lease('ben', 2, 3)]);
  });

  it('wait for a worker where there is none', () => {
    const { begin, join, hear } = oneStep({ workers: [] });
    expect(begin()).toEqual([]);
    expect(hear({ type: 'joined', worker: join(anna) })).toEqual([lease('anna', 1, 1)]);
  });

  it('are not for a worker that others had to wait for again and again, unless there is no other', () => {
    const doubtful = { name: 'dora', doubt: 2 };
    const { begin, of } = oneStep({ workers: [doubtful, anna] });
    // It is only tried, with a copy.
    expect(begin()).toEqual([lease('anna', 2, 1), lease('dora', 1, 1)]);
    expect(of('count')).toEqual([]);
    expect(oneStep({ workers: [doubtful] }).begin()).toEqual([lease('dora', 1, 1)]);
  });

  it('give a copy of the smallest node to each worker that the plan passed over and that is due', () => {
    const { begin } = oneStep({
      workers: [anna, ben, carl, { name: 'dora' }, { name: 'emil' }],
      batch: { bounds: [0, 4, 8, 11, 14], assignments: [2, 3].map((node, at) => ({ node, worker: at + 1 })) },
    });
    expect(begin()).toEqual([
      ...[lease('anna', 1, 2), lease('ben', 2, 3)],
      ...[lease('carl', 3, 3), lease('dora', 4, 2), lease('emil', 5, 3)],
    ]);
  });

  it('copy the first of equal nodes', () => {
    const { begin } = oneStep({ workers: [anna, ben, carl], ...assigned(3, 2) });
    expect(begin().at(-1)).toBe(lease('carl', 3, 2));
  });

  it('try a worker that is known to be slow after some steps, and then not at once again', () => {
    const steps = (passedOver: number) => {
      const { begin, worker } = oneStep({ workers: [measured('anna', 1000), measured('slow', 1)] });
      for (let i = 0; i < passedOver; i++) worker('slow').planned(false);
      return { lines: begin(), isDueAgain: worker('slow').planned(false) };
    };
    expect(steps(6).lines).toEqual([lease('anna', 1, 1)]);
    expect(steps(7).lines).toEqual([lease('anna', 1, 1), lease('slow', 2, 1)]);
    expect(steps(7).isDueAgain).toBe(false);
  });
});

describe('leases that overlap', () => {
  it('are taken back once they have nothing left to deliver, and what is missing then is leased', () => {
    const { begin, contribute, worker } = oneStep({ workers: [anna, ben, carl], ...assigned(2, 3, 4) });
    begin();
    expect(contribute('carl', 4)).toEqual([
      'add node 4, chunk 0',
      cancel('anna', 1, 2),
      // She has nothing else now.
      lease('anna', 1, 5),
      'count 1 shards reissued',
      'record carl: shards 0 to 1',
      'credit carl (3): 4 samples',
    ]);
    expect(worker('anna').canceledLeases).toMatchObject([{ kind: 'node', step: 0, index: 2, samples: 8 }]);
    expect(worker('anna').state).toBe('computing');
  });

  it('stay while another chunk of theirs may count', () => {
    const { begin, announce, send, of } = oneStep({
      ...{ workers: [anna, ben, carl], chunks: 2, ...assigned(2, 3, 4) },
    });
    begin();
    announce('carl', 4);
    // Of chunk 0 only shard 1 is missing: that is leased for it alone.
    expect(send('carl', 4, 0).join()).not.toContain('cancel');
    expect(of('send').at(-1)!.message).toMatchObject({ type: 'lease', node: 5 });
    expect(send('carl', 4, 1)).toContain('cancel -> anna (1): node 2');
  });

  it('are no longer the worker’s business once it has told of its contribution', () => {
    const { begin, announce, contribute, worker } = oneStep({
      workers: [anna, ben, carl],
      ...assigned(2, 3, 2),
    });
    begin();
    announce('anna', 2);
    expect(contribute('carl', 2)).toContain(cancel('anna', 1, 2));
    expect(worker('anna').canceledLeases).toEqual([]);
    expect(worker('anna').state).toBe('idle');
  });
});

describe('the end of a step', () => {
  it('takes back all that is leased', () => {
    const { begin, hear, worker } = oneStep({ workers: [anna, ben] });
    begin();
    expect(hear({ type: 'ended' })).toEqual([cancel('anna', 1, 2), cancel('ben', 2, 3)]);
    expect(worker('anna').canceledLeases).toMatchObject([{ kind: 'node', step: 0, index: 2, since: 0 }]);
  });

  it('says nothing to workers that are gone', () => {
    const { begin, hear, roster, worker } = oneStep({ workers: [anna, ben] });
    begin();
    roster.remove(worker('ben'));
    expect(hear({ type: 'ended' })).toEqual([cancel('anna', 1, 2)]);
  });
});

describe('after a defect', () => {
  it('what is held by workers that are gone is leased to others, and windows are told again', () => {
    const { begin, hear, roster, worker } = oneStep({ workers: [anna, ben] });
    begin();
    roster.remove(worker('ben'));
    expect(hear({ type: 'recover' })).toEqual([
      lease('anna', 1, 3),
      'count 2 shards reissued',
      'window -> anna (1): window 1',
    ]);
  });

  it('what the coordinator’s own engine computes stays with it', () => {
    const vera = { name: 'vera', role: 'volunteer' as const };
    const { begin, hear, contribute } = oneStep({ workers: [vera], trust: { auditRate: 1 }, own: true });
    begin();
    expect(contribute('vera', 1)).toEqual(['audit 0: node 1']);
    expect(hear({ type: 'recover' })).toEqual([]);
  });
});
