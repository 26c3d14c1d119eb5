/** What the contributions of volunteers add up to: chunk by chunk as the window opens, or under a rule that compares them. */
import { describe, expect, it } from 'vitest';
import { type OneStepOptions, oneStep } from '../../../test/support/simulation/one-step.js';

const volunteers = (...names: string[]) => names.map((name) => ({ name, role: 'volunteer' as const }));

function begun(options: Partial<OneStepOptions> = {}) {
  const made = oneStep({ workers: volunteers('vera', 'willy'), ...options });
  made.trust.norms.stepped(1e6);
  made.begin();
  return made;
}

describe('the sum over the tree', () => {
  it('takes of an accepted contribution what the window allows, the rest when it opens', () => {
    const { contribute } = begun({ chunks: 3, reach: 1 });
    expect(contribute('vera', 2)).toEqual(['unseen', 'add node 2, chunk 0']);
    expect(contribute('willy', 3)).toEqual([
      'unseen',
      'add node 3, chunk 0',
      'window -> vera (1): window 2',
      'window -> willy (2): window 2',
      ...['add node 3, chunk 1', 'add node 2, chunk 1'],
      'window -> vera (1): window 3',
      'window -> willy (2): window 3',
      'add node 2, chunk 2',
      ...['record vera: shards 0 to 2', 'credit vera (1): 8 samples'],
      'add node 3, chunk 2',
      ...['record willy: shards 2 to 4', 'credit willy (2): 8 samples'],
      ...['count 4 shards expected', 'count 4 shards counted', 'done'],
    ]);
  });

  it('has the sums of what was told, over all of the tree', () => {
    const { contribute, of } = begun();
    contribute('vera', 2, 1, { loss: 1, metric: 2 });
    contribute('willy', 3, 1, { loss: 10, metric: 20 });
    expect(of('done')[0]!.outcome).toEqual({ samples: 16, loss: 11, metric: 22 });
  });

  it('takes nothing of what was taken back meanwhile', () => {
    const { contribute, lose, of } = begun({ chunks: 2, reach: 1 });
    contribute('vera', 2);
    expect(lose('vera')).toContain('lease -> willy (2): node 2, from chunk 0, window 2');
    contribute('willy', 3);
    contribute('willy', 2);
    expect(of('add').map(({ node, chunk }) => [node, chunk])).toEqual([
      ...[
        [2, 0],
        [3, 0],
        [3, 1],
        [2, 1],
      ],
    ]);
    expect(of('credit').map(({ worker, samples }) => [worker.name, samples])).toEqual([
      ['willy', 8],
      ['willy', 8],
    ]);
  });

  it('takes a chunk that was counted from elsewhere for nothing', () => {
    const assignments = [
      { node: 2, worker: 1 },
      { node: 3, worker: 2 },
      { node: 2, worker: 3 },
    ];
    const { announce, send, contribute, of } = begun({
      ...{ workers: [...volunteers('vera', 'willy'), { name: 'anna' }], chunks: 2, batch: { assignments } },
    });
    announce('anna', 2);
    send('anna', 2, 0);
    expect(contribute('vera', 2)).toEqual([
      'unseen',
      'add node 2, chunk 1',
      'cancel -> anna (3): node 2',
      'record vera: shards 0 to 2',
      'credit vera (1): 8 samples',
    ]);
    expect(of('add').every(({ counts }) => counts)).toBe(true);
  });
});

describe('under a rule that compares all workers', () => {
  const robust = (options: Partial<OneStepOptions> = {}) =>
    begun({ trust: { robust: 'median' }, ...options });

  it('each identity has one vote, in the order of their names, with all that it computed', () => {
    const { contribute, of } = robust({
      workers: volunteers('willy', 'vera'),
      chunks: 2,
      batch: { assignments: [4, 5, 3].map((node, at) => ({ node, worker: [1, 2, 1][at]! })) },
    });
    contribute('willy', 4, 1, { loss: 1, metric: 10 });
    contribute('vera', 5, 2, { loss: 2, metric: 20 });
    expect(of('aggregate')).toEqual([]);
    expect(contribute('willy', 3, 3, { loss: 4, metric: 40 })).toEqual([
      'unseen',
      'record willy: shards 2 to 4',
      'credit willy (1): 8 samples',
      'aggregate 2 workers',
      ...['count 4 shards expected', 'count 4 shards counted', 'done'],
    ]);
    expect(of('aggregate')[0]!.sums).toEqual([
      { identity: 'vera', samples: 4, loss: 2, metric: 20, gradient: Float32Array.of(2, 2) },
      { identity: 'willy', samples: 12, loss: 5, metric: 50, gradient: Float32Array.of(4, 4) },
    ]);
  });

  it('loss and metric of the step are the medians of what they report of a sample', () => {
    const { contribute, of } = robust({
      workers: volunteers('vera', 'willy', 'xenia'),
      batch: { assignments: [2, 6, 7].map((node, at) => ({ node, worker: at + 1 })) },
    });
    // A sample costs 1, 2 and 100 here.
    contribute('vera', 2, 1, { loss: 8, metric: 800 });
    contribute('willy', 6, 1, { loss: 8, metric: 8 });
    contribute('xenia', 7, 1, { loss: 400, metric: 4 });
    expect(of('done')[0]!.outcome).toEqual({ samples: 16, loss: 32, metric: 32 });
  });

  it('what came twice counts once', () => {
    const { contribute, of } = robust({
      workers: volunteers('vera', 'willy', 'xenia'),
      batch: { assignments: [2, 3, 2].map((node, at) => ({ node, worker: at + 1 })) },
    });
    contribute('vera', 2);
    expect(contribute('willy', 3).at(-1)).toBe('done');
    expect(of('aggregate')).toHaveLength(1);
    expect(of('aggregate')[0]!.sums.map(({ identity }) => identity)).toEqual(['vera', 'willy']);
  });
});
