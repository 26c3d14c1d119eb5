import { describe, expect, it } from 'vitest';
import {
  BATCHES,
  type FakeOptions,
  fakeMachine,
  LAYOUT,
  MANIFEST,
} from '../test/support/compiled/fake-engine.js';
import { refusalOf } from '../test/support/refusal.js';
import { makeProbe } from './admission.js';
import { type Candidate, type ChooseOptions, chooseEngine } from './choose.js';

async function machineWith(engines: Record<string, FakeOptions>) {
  const machine = fakeMachine();
  const reference = fakeMachine().engine('reference');
  const probe = await makeProbe(reference, LAYOUT, BATCHES, 7);
  const candidates: Candidate[] = Object.entries(engines).map(([name, given]) =>
    machine.candidate(name, given),
  );
  const options: ChooseOptions = {
    candidates,
    wanted: 'auto',
    probe,
    layout: LAYOUT,
    manifest: MANIFEST,
    shardSamples: 16,
    now: machine.now,
  };
  return {
    machine,
    options,
    choose: (change: Partial<ChooseOptions> = {}) => chooseEngine({ ...options, ...change }),
  };
}

const wrong = (value: number) => value * 1.01;

describe('the choice of an engine', () => {
  it('takes the fastest that agrees with the reference, and says what it weighed', async () => {
    const { machine, choose } = await machineWith({
      slow: { ms: 30 },
      fast: { ms: 2 },
      middling: { ms: 10 },
    });
    const { engine, reason, tried } = await choose();
    expect(engine.name).toBe('fast');
    expect(reason).toBe(
      'fast: 2.00 ms a shard; slow 30.0 ms; middling 10.0 ms; agrees with the reference to 0e+0',
    );
    expect(tried.map(({ name, shardMs, engineClass }) => [name, shardMs, engineClass])).toEqual([
      ['slow', 30, 'slow@1'],
      ['fast', 2, 'fast@1'],
      ['middling', 10, 'middling@1'],
    ]);
    expect(machine.alive()).toEqual(['fast']);
  });

  it('counts an engine of which each lane has one as many times as there are lanes', async () => {
    const engines = { 'eager/wasm': { ms: 20 }, 'compiled/webgpu': { ms: 8 }, 'compiled/wasm': { ms: 30 } };
    const { choose } = await machineWith(engines);
    expect((await choose()).engine.name).toBe('compiled/webgpu');
    expect((await choose({ lanes: 2 })).engine.name).toBe('compiled/webgpu');
    const { engine, reason } = await choose({ lanes: 4 });
    expect(engine.name).toBe('eager/wasm');
    expect(reason).toBe(
      'eager/wasm: 20.0 ms a shard; compiled/webgpu 8.00 ms in its only lane; compiled/wasm 30.0 ms; agrees with the reference to 0e+0',
    );
    expect((await choose({ lanes: 2 })).reason).toMatch(
      /^compiled\/webgpu: 8.00 ms a shard; eager\/wasm 20.0 ms in each of 2 lanes; /,
    );
  });

  it('says how many threads the chosen one has, where that is known', async () => {
    const { options, choose } = await machineWith({ alone: {} });
    const [alone] = options.candidates;
    const reasonWith = async (threads: number) =>
      (await choose({ candidates: [{ ...alone!, threads }] })).reason;
    expect(await reasonWith(1)).toMatch(/^alone \(1 thread\): 1\.00 ms a shard; agrees/);
    expect(await reasonWith(2)).toMatch(/^alone \(2 threads\): 1\.00 ms a shard; agrees/);
  });

  it('times engines on a shard of the size that the run has', async () => {
    const { machine, choose } = await machineWith({ one: {} });
    await choose();
    expect(machine.runs.some(({ count }) => count === 16)).toBe(true);
  });

  it('does not time a slow one again and again', async () => {
    const { machine, choose } = await machineWith({ slow: { ms: 1000 } });
    await choose();
    expect(machine.runs.filter(({ count }) => count === 16)).toHaveLength(2);
  });

  it('goes on timing one that gets faster while it runs', async () => {
    const { choose } = await machineWith({
      steady: { ms: 50 },
      warming: { ms: [1, 1, 200, 90, 60, 40, 20, 19] },
    });
    const { tried } = await choose();
    expect(tried.map(({ name, shardMs }) => [name, shardMs])).toEqual([
      ['steady', 50],
      ['warming', 19],
    ]);
  });

  it('for the whole table goes on though one is far slower for a while, as WebAssembly is at first', async () => {
    const { choose } = await machineWith({
      fast: { ms: 2 },
      warming: { ms: [1, 1, ...new Array(20).fill(80), 10] },
    });
    const { tried } = await choose({ tryAll: true });
    expect(tried.map(({ name, shardMs }) => [name, shardMs])).toEqual([
      ['fast', 2],
      ['warming', 10],
    ]);
  });

  it('does not go on with one that is far slower than the best before it', async () => {
    const { machine, choose } = await machineWith({ fast: { ms: 2 }, slow: { ms: 30 } });
    await choose();
    const timed = machine.runs.filter(({ name, count }) => name === 'slow' && count === 16);
    expect(timed).toHaveLength(2);
  });

  it('drops one that disagrees, however fast it is, and tells by how much', async () => {
    const { machine, choose } = await machineWith({ broken: { ms: 0.1, distort: wrong }, sound: { ms: 50 } });
    const { engine, reason, tried } = await choose();
    expect(engine.name).toBe('sound');
    expect(reason).toContain('broken not taken: disagrees with the reference by 1.0e-2 (allowed: 0.001)');
    expect(tried[0]).toMatchObject({ name: 'broken', distance: expect.closeTo(0.01, 5) });
    expect(machine.alive()).toEqual(['sound']);
  });

  it('drops what cannot be started or does not compute, with its reason', async () => {
    const { machine, choose } = await machineWith({
      absent: { startError: 'it has no driver' },
      optional: { startError: 'package tfjs-node is not installed' },
      lacking: { runError: 'kernel Conv3D is missing' },
      sound: {},
    });
    const { engine, reason } = await choose();
    expect(engine.name).toBe('sound');
    expect(reason).toContain('absent not taken: it has no driver');
    expect(reason).toContain('lacking not taken: kernel Conv3D is missing');
    // An optional package that is not there is no news.
    expect(reason).not.toContain('optional');
    expect(machine.alive()).toEqual(['sound']);
  });

  it('tells the reason of each where none is left, and leaves none running', async () => {
    const { machine, choose } = await machineWith({
      absent: { startError: 'it is not installed' },
      broken: { distort: () => Number.NaN },
      lacking: { runError: 'no kernel' },
    });
    expect(await refusalOf(choose())).toBe(
      'no engine of this machine can compute this model (absent: it is not installed; ' +
        'broken: disagrees with the reference by Infinity (allowed: 0.001); lacking: no kernel)',
    );
    expect(machine.alive()).toEqual([]);
  });

  it('takes the one that is wanted by name, and starts no other', async () => {
    const { machine, choose } = await machineWith({ fast: { ms: 1 }, wanted: { ms: 50 } });
    expect((await choose({ wanted: 'wanted' })).engine.name).toBe('wanted');
    expect(new Set(machine.started)).toEqual(new Set(['wanted']));
  });

  it('holds the one that is wanted by name to the reference too', async () => {
    const { choose } = await machineWith({ broken: { distort: wrong }, sound: {} });
    expect(await refusalOf(choose({ wanted: 'broken' }))).toContain('disagrees with the reference');
  });

  it('refuses an unknown name, telling the known ones', async () => {
    const { choose } = await machineWith({ one: {}, two: {} });
    expect(await refusalOf(choose({ wanted: 'three' }))).toBe(
      'engine three is unknown here: give auto, one, two',
    );
  });

  it('tries a last resort only if nothing before it works', async () => {
    const unneeded = await machineWith({ sound: { ms: 50 }, last: { ms: 1, lastResort: true } });
    expect((await unneeded.choose()).engine.name).toBe('sound');
    expect(unneeded.machine.started).not.toContain('last');

    const needed = await machineWith({ broken: { distort: wrong }, last: { lastResort: true } });
    expect((await needed.choose()).engine.name).toBe('last');

    const table = await machineWith({ sound: { ms: 50 }, last: { ms: 1, lastResort: true } });
    expect((await table.choose({ tryAll: true })).tried.map(({ name }) => name)).toEqual(['sound', 'last']);
  });

  it('without a probe takes the first that starts', async () => {
    const { machine, options } = await machineWith({
      absent: { startError: 'no' },
      first: { ms: 50 },
      second: { ms: 1 },
    });
    const { probe: _, ...withoutProbe } = options;
    const { engine, reason } = await chooseEngine(withoutProbe);
    expect(engine.name).toBe('first');
    expect(reason).toBe('first: the first that starts');
    expect(machine.alive()).toEqual(['first']);
  });

  it('without a probe tells the reason of each where none starts', async () => {
    const { options } = await machineWith({ one: { startError: 'no one' }, two: { startError: 'no two' } });
    const { probe: _, ...withoutProbe } = options;
    expect(await refusalOf(chooseEngine(withoutProbe))).toContain('(one: no one; two: no two)');
  });

  describe('where one that was tried cannot be had again', () => {
    /** Starts once, and never again. */
    const once = (candidate: Candidate): Candidate => {
      let started = false;
      return {
        ...candidate,
        start() {
          if (started) throw new Error('out of memory');
          started = true;
          return candidate.start();
        },
      };
    };

    it('takes the next, and says so', async () => {
      const { options, choose, machine } = await machineWith({ fast: { ms: 1 }, slow: { ms: 20 } });
      const [fast, slow] = options.candidates as [Candidate, Candidate];
      const { engine, reason, tried } = await choose({ candidates: [once(fast), slow] });
      expect(engine.name).toBe('slow');
      expect(reason).toContain('fast not taken: out of memory');
      expect(tried[0]).toMatchObject({ name: 'fast', refused: 'out of memory' });
      expect(machine.alive()).toEqual(['slow']);
    });

    it('tries the last resorts, which it had passed over', async () => {
      const { options, choose } = await machineWith({ fast: { ms: 1 }, last: { lastResort: true } });
      const [fast, last] = options.candidates as [Candidate, Candidate];
      const { engine, tried } = await choose({ candidates: [once(fast), last] });
      expect(engine.name).toBe('last');
      expect(tried.map(({ name, refused }) => [name, refused])).toEqual([
        ['fast', 'out of memory'],
        ['last', undefined],
      ]);
    });
  });

  it('passes over an engine that fails when it is given back', async () => {
    const { options, choose } = await machineWith({ broken: { runError: 'invalid graph' }, whole: {} });
    const [broken, whole] = options.candidates as [Candidate, Candidate];
    const stubborn: Candidate = {
      ...broken,
      async start() {
        const engine = await broken.start();
        return Object.assign(engine, {
          dispose() {
            throw new Error('no session');
          },
        });
      },
    };
    expect((await choose({ candidates: [stubborn, whole] })).engine.name).toBe('whole');
  });

  it('passes over one that throws at once, also where there is no reference', async () => {
    const { options, choose } = await machineWith({ broken: {}, whole: {} });
    const [broken, whole] = options.candidates as [Candidate, Candidate];
    const { probe: _, ...unproven } = options;
    const start = () => {
      throw new Error('no such device');
    };
    const candidates = [{ ...broken, start }, whole];
    expect((await choose({ candidates })).engine.name).toBe('whole');
    expect((await chooseEngine({ ...unproven, candidates })).engine.name).toBe('whole');
  });
});
