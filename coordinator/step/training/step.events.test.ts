/** What a step answers to each kind of event, one at a time. Four shards of four samples; Anna has node 2, Ben node 3. */
import { describe, expect, it } from 'vitest';
import { FRAME_CONTRIBUTION } from '../../../shared/protocol/frame.js';
import { oneStep } from '../../../test/support/simulation/one-step.js';

const workers = [{ name: 'anna' }, { name: 'ben' }];
const begun = (options: Partial<Parameters<typeof oneStep>[0]> = {}) => {
  const made = oneStep({ workers, ...options });
  made.begin();
  return made;
};
const evaluated = {
  type: 'evaluated',
  version: 0,
  part: 1,
  samples: 1,
  loss: 1,
  metric: 1,
  computeMs: 1,
} as const;

describe('a contribution', () => {
  it('is recorded with its shards and its times, which no worker can stretch', () => {
    const { at, announce, send, of, worker } = begun();
    at(40);
    announce('ben', 3, { computeMs: 1e9, waitMs: 1e9 });
    at(50);
    send('ben', 3);
    expect(of('record').map(({ times }) => times)).toEqual([
      {
        ...{ worker: 2, name: 'ben', shard: 2, shards: 2 },
        ...{ leasedAt: 0, announcedAt: 40, computeMs: 40, countedAt: 50 },
      },
    ]);
    expect(worker('ben')).toMatchObject({ samples: 8, contributions: 1, state: 'idle', overheadMs: 10 });
  });

  it('makes its worker less doubtful, whether it counts or not', () => {
    const { contribute, worker } = begun();
    worker('anna').overdue();
    contribute('anna', 2);
    expect(worker('anna').doubt).toBe(0.5);
  });

  it('whose chunks have counted from elsewhere is taken back with the last of them', () => {
    const { begin, announce, send } = oneStep({
      workers: [...workers, { name: 'carl' }],
      chunks: 2,
      batch: { assignments: [2, 3, 2].map((node, at) => ({ node, worker: at + 1 })) },
    });
    begin();
    announce('anna', 2);
    announce('carl', 2);
    send('anna', 2, 0);
    expect(send('carl', 2, 0)).toEqual(['add node 2, chunk 0 (does not count)']);
    // All that Carl's could still deliver is there: it is taken back.
    expect(send('anna', 2, 1)).toEqual([
      'add node 2, chunk 1',
      'cancel -> carl (3): node 2',
      'record anna: shards 0 to 2',
      'credit anna (1): 8 samples',
    ]);
  });

  it('that nobody leased, or of another shape, costs its sender its place; the second is counted as rejected', () => {
    expect(begun().announce('anna', 3)).toEqual([
      'refuse anna (1): unexpected, contribution for step 0, node 3, which was never leased',
      'lease -> ben (2): node 2, from chunk 0, window 1',
      'count 2 shards reissued',
      'tell reissued: step 1: 2 shards of anna given to others',
    ]);
    expect(begun().announce('anna', 2, { samples: 7 }).slice(0, 2)).toEqual([
      'count 2 shards rejected',
      'refuse anna (1): wrongShape, step 0, node 2: 7 samples told, the node has 8',
    ]);
  });

  it('of a step that is over is nothing to this one', () => {
    const { hear, worker } = begun({ batch: { step: 5 } });
    const sums = { samples: 8, loss: 1, metric: 0, computeMs: 1, waitMs: 0 };
    const message = { type: 'contribution', step: 4, node: 2, ...sums } as const;
    expect(hear({ type: 'contribution', worker: worker('anna'), message })).toEqual([]);
    const frame = { type: FRAME_CONTRIBUTION, step: 4, node: 2, chunk: 0, body: new Uint8Array(4) } as const;
    expect(hear({ type: 'frame', worker: worker('anna'), frame })).toEqual([]);
  });
});

describe('a frame', () => {
  it('before its contribution, out of turn, or of another length costs its sender its place', () => {
    expect(begun().send('anna', 2)[0]).toBe(
      'refuse anna (1): unexpected, step 0, node 2: a frame before its contribution',
    );
    const early = begun({ chunks: 2 });
    early.announce('anna', 2);
    expect(early.send('anna', 2, 1)[0]).toBe(
      'refuse anna (1): unexpected, chunk 1 where chunk 0 of at most 2 was expected',
    );
    const long = begun();
    long.announce('anna', 2);
    const frame = { type: FRAME_CONTRIBUTION, step: 0, node: 2, chunk: 0, body: new Uint8Array(8) } as const;
    expect(long.hear({ type: 'frame', worker: long.worker('anna'), frame }).slice(0, 2)).toEqual([
      'count 2 shards rejected',
      'refuse anna (1): wrongShape, step 0, node 2, chunk 0: 8 bytes, expected 4',
    ]);
  });

  it('is not taken beyond the window of a trusted worker', () => {
    const { announce, send } = begun({ chunks: 2, reach: 1 });
    announce('anna', 2);
    expect(send('anna', 2, 0)).toEqual(['add node 2, chunk 0']);
    expect(send('anna', 2, 1)[0]).toBe(
      'refuse anna (1): unexpected, chunk 1 where chunk 1 of at most 1 was expected',
    );
  });
});

describe('the window', () => {
  it('is told to whoever holds a lease when it opens, and to nobody else', () => {
    const carl = { name: 'carl', measured: { speed: 1, overheadMs: 1 } };
    const { announce, send } = begun({
      workers: [...workers, carl],
      ...{
        chunks: 2,
        reach: 1,
        batch: { assignments: [2, 3].map((node, at) => ({ node, worker: at + 1 })) },
      },
    });
    announce('ben', 3);
    send('ben', 3, 0);
    announce('anna', 2);
    expect(send('anna', 2, 0)).toEqual([
      'add node 2, chunk 0',
      'window -> anna (1): window 2',
      'window -> ben (2): window 2',
    ]);
  });

  it('that opens ends the wait of those that had sent all they might', () => {
    const { announce, send, at, worker } = begun({ chunks: 2, reach: 1 });
    announce('anna', 2);
    send('anna', 2, 0);
    at(1000);
    announce('ben', 3);
    send('ben', 3, 0);
    send('anna', 2, 1);
    // Its upload was done at once: what it waited for Ben is not its own time.
    expect(worker('anna').overheadMs).toBe(0.01);
  });
});

describe('what a worker lets go of', () => {
  const dropped = (message: { step: number; node?: number; part?: number }, step = 5) => {
    const { hear, worker, of } = begun({ batch: { step } });
    hear({ type: 'dropped', worker: worker('anna'), message: { type: 'dropped', ...message } });
    return of('refuse').map(({ text }) => text);
  };

  it('was taken back from it, or is of an earlier step', () => {
    expect(dropped({ step: 5, node: 3 })).toEqual([]);
    expect(dropped({ step: 5, part: 1 })).toEqual([]);
    expect(dropped({ step: 4, node: 2 })).toEqual([]);
  });

  it('may not be what it holds, or of a step to come', () => {
    expect(dropped({ step: 5, node: 2 })).toEqual(['step 5, node 2: let go of, and not taken back']);
    expect(dropped({ step: 6, node: 3 })).toEqual(['step 6, node 3: let go of, and not taken back']);
  });
});

describe('a step', () => {
  it('takes no evaluation', () => {
    const { hear, worker } = begun();
    expect(hear({ type: 'evaluated', worker: worker('anna'), message: evaluated })[0]).toBe(
      'refuse anna (1): unexpected, part 1 of the evaluation of version 0, which it does not hold',
    );
  });

  it('sends nobody away twice, and gives those that it sent away nothing more', () => {
    const { hear, worker, of, at, tick } = begun();
    for (let i = 0; i < 2; i++) hear({ type: 'evaluated', worker: worker('anna'), message: evaluated });
    expect(of('refuse')).toHaveLength(1);
    at(60_000);
    tick();
    expect(of('send').filter(({ worker: { name } }) => name === 'anna')).toHaveLength(1);
  });

  it('tells why it is broken off', () => {
    expect(begun().hear({ type: 'aborted', reason: new Error('Ctrl-C') })).toEqual(['fail: Error: Ctrl-C']);
  });

  it('is done once, with the sums of all that it holds', () => {
    const { contribute, of, tick, hear } = begun({ batch: { bounds: [0, 4, 8, 12, 16] } });
    contribute('anna', 2, 1, { loss: 3, metric: 5 });
    contribute('ben', 3, 1, { loss: 4, metric: 6 });
    tick();
    hear({ type: 'recover' });
    expect(of('done').map(({ outcome }) => outcome)).toEqual([{ samples: 16, loss: 7, metric: 11 }]);
  });

  it('trusts no sum that the pipeline did not finish, nor an answer to nothing', () => {
    const wrong = 'a step broke off while its gradient was added up';
    const { step, announce, worker } = begun();
    const added = { type: 'added', isFinite: true, front: 1, window: 1 } as const;
    expect(() => step.handle(added, 0)).toThrow('the pipeline has answered what it was not asked');
    announce('anna', 2);
    const frame = { type: FRAME_CONTRIBUTION, step: 0, node: 2, chunk: 0, body: new Uint8Array(4) } as const;
    step.handle({ type: 'frame', worker: worker('anna'), frame }, 0);
    expect(() => step.handle({ type: 'recover' }, 0)).toThrow(wrong);
  });

  it('does not end before the pipeline has all chunks', () => {
    const { step, announce, worker, contribute } = begun();
    contribute('anna', 2);
    announce('ben', 3);
    const frame = { type: FRAME_CONTRIBUTION, step: 0, node: 3, chunk: 0, body: new Uint8Array(4) } as const;
    step.handle({ type: 'frame', worker: worker('ben'), frame }, 0);
    const answer = { type: 'added', isFinite: true, front: 0, window: 1 } as const;
    expect(() => step.handle(answer, 0)).toThrow('a step broke off while its gradient was added up');
  });

  it('knows the samples under a node', () => {
    const { step } = begun({ batch: { bounds: [0, 4, 9, 12, 16] } });
    expect([1, 2, 3, 5].map((node) => step.samples(node))).toEqual([16, 9, 7, 5]);
  });

  it('bans an identity with all of its connections', () => {
    const volunteer = (name: string) => ({ name, identity: 'vera', role: 'volunteer' as const });
    const { contribute, of, trust } = begun({
      workers: [volunteer('vera'), volunteer('vera too'), { name: 'anna' }],
      batch: { assignments: [2, 6, 7].map((node, at) => ({ node, worker: at + 1 })) },
    });
    trust.norms.stepped(1);
    for (let i = 0; i < 2; i++) trust.reputation.strike('vera', 'overNorm');
    contribute('vera', 2, 1000);
    expect(of('ban').map(({ ban }) => ban)).toMatchObject([{ identity: 'vera', name: 'vera', step: 1 }]);
    // The rest of the step is Anna's.
    const given = of('send').slice(3);
    expect(new Set(given.map(({ worker }) => worker.name))).toEqual(new Set(['anna']));
  });
});
