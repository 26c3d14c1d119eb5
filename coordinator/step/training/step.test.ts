/** A step by itself: a list of events in, a list of effects out. */
import { describe, expect, it } from 'vitest';
import { layoutOf } from '../../../shared/numerics/layout.js';
import { type Node, ROOT } from '../../../shared/numerics/tree.js';
import { FRAME_CONTRIBUTION, type Frame } from '../../../shared/protocol/frame.js';
import { Worker } from '../../scheduling/worker.js';
import { trustAll } from '../../trust/trust.js';
import { Roster } from '../../workers/roster.js';
import { describeEffect, describeEvent, type StepEvent } from '../events.js';
import { Step } from './step.js';

/** Of one weight, on four shards of four samples. */
function begin(names: string[], root: Node = ROOT) {
  const layout = layoutOf([{ name: 'weights', shape: [1], trainable: true }]);
  const workers = new Roster();
  const [anna, ben] = names.map((name, at) => {
    const worker = new Worker({ id: at + 1, name, kind: 'node' }, 0);
    worker.synced(0);
    workers.add(worker);
    return worker;
  }) as [Worker, Worker];
  const batch = { step: 0, epoch: 0, bounds: [0, 4, 8, 12, 16] };
  const step = new Step({ batch, layout, workers, trust: trustAll(), root });
  const told: string[] = [];
  const hear = (event: StepEvent, now = 0) => {
    told.push(describeEvent(event));
    for (const effect of step.handle(event, now)) told.push(`  ${describeEffect(effect)}`);
    return told.splice(0);
  };
  const contribute = (worker: Worker, node: Node, samples: number) => {
    const sums = { samples, loss: samples, metric: 0, computeMs: 1, waitMs: 0 };
    const message = { type: 'contribution', step: 0, node, ...sums } as const;
    const frame: Frame = { type: FRAME_CONTRIBUTION, step: 0, node, chunk: 0, body: new Uint8Array(4) };
    return [...hear({ type: 'contribution', worker, message }), ...hear({ type: 'frame', worker, frame })];
  };
  return { step, workers, anna, ben, hear, contribute };
}

const BEGIN: StepEvent = { type: 'begin', front: 0, window: 1 };
const added = (front: number): StepEvent => ({ type: 'added', isFinite: true, front, window: 1 });

describe('a step', () => {
  it('is a list of events, and what follows from each', () => {
    const { anna, ben, hear, contribute } = begin(['anna', 'ben']);
    expect(hear(BEGIN)).toEqual([
      'begin: window 1',
      '  lease -> anna (1): node 2, from chunk 0, window 1',
      '  lease -> ben (2): node 3, from chunk 0, window 1',
    ]);
    expect(contribute(anna, 2, 8)).toEqual([
      'contribution of anna (1): node 2',
      'frame of anna (1): node 2, chunk 0',
      '  add node 2, chunk 0',
    ]);
    expect(hear(added(0))).toEqual([
      'added: front 0, window 1',
      '  record anna: shards 0 to 2',
      '  credit anna (1): 8 samples',
    ]);
    contribute(ben, 3, 8);
    expect(hear(added(1)).slice(-3)).toEqual([
      '  count 4 shards expected',
      '  count 4 shards counted',
      '  done',
    ]);
  });

  it('gives what a lost worker held to others, once, whoever tells of it first', () => {
    const { ben, workers, hear } = begin(['anna', 'ben']);
    hear(BEGIN);
    // Ben is sent away by the step itself; that he is gone is told afterwards.
    const dropped = { type: 'dropped', step: 0, node: 3 } as const;
    expect(hear({ type: 'dropped', worker: ben, message: dropped })).toEqual([
      'dropped by ben (2): node 3',
      '  refuse ben (2): unexpected, step 0, node 3: let go of, and not taken back',
      '  lease -> anna (1): node 3, from chunk 0, window 1',
      '  count 2 shards reissued',
      '  tell reissued: step 1: 2 shards of ben given to others',
    ]);
    workers.remove(ben);
    expect(hear({ type: 'lost', worker: ben })).toEqual(['lost: ben (2)']);
  });

  it('can be one of a part of the tree: its sum is that of the part, and nothing else is leased or taken', () => {
    const { anna, hear, contribute } = begin(['anna'], 2);
    expect(hear(BEGIN)).toEqual(['begin: window 1', '  lease -> anna (1): node 2, from chunk 0, window 1']);
    contribute(anna, 2, 8);
    expect(hear(added(1)).at(-1)).toBe('  done');
    expect(contribute(anna, 3, 8)).toContain(
      '  refuse anna (1): unexpected, contribution for step 0, node 3, which was never leased',
    );
  });
});
