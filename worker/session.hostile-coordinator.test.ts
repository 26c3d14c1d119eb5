/**
 * A coordinator that means harm, and a worker's real session: whatever a few bytes ask for, nothing is made of it,
 * and the worker ends the connection with a reason.
 */
import { createHash } from 'node:crypto';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Batch } from '../engine/engine.js';
import { layoutOf } from '../shared/numerics/layout.js';
import { decodeWorkerMessage, encode } from '../shared/protocol/codec.js';
import { type Coding, FRAME_WEIGHTS, HEADER_BYTES, writeHeader } from '../shared/protocol/frame.js';
import type { Evaluate, Lease, Welcome, WorkerMessage } from '../shared/protocol/messages.js';
import { MessageError } from '../shared/protocol/msgpack/message-error.js';
import { manifestOf } from '../test/support/files/manifest.js';
import { WELCOME } from '../test/support/fixtures/welcome.js';
import type { ConnectionEvents } from './connection.js';
import { workLimits } from './data/check-work.js';
import type { RunMaterial } from './data/material.js';
import { MemoryCache } from './data/object-cache.js';
import { Participation } from './participation.js';
import { Session } from './session.js';

const RECORDS = 60_000;
const ORDER = new Uint32Array(RECORDS);
const SHARD = 16;
const layout = layoutOf([{ name: 'weights', shape: [3], trainable: true }]);
const LIMITS = workLimits({
  train: manifestOf(RECORDS),
  test: manifestOf(10_000),
  shardSamples: SHARD,
  layout,
});

const lease = (changes: Partial<Lease> = {}): Uint8Array =>
  encode({
    ...{ type: 'lease', step: 0, epoch: 0, node: 1, firstShard: 0, fromChunk: 0, window: 1 },
    bounds: [0, SHARD],
    ...changes,
  });
const evaluate = (changes: Partial<Evaluate> = {}): Uint8Array =>
  encode({ type: 'evaluate', version: 0, part: 0, from: 0, to: 256, weights: 'current', ...changes });
const welcome = (changes: Partial<Welcome> = {}): Uint8Array => encode({ ...WELCOME, ...changes });
/** As many bounds as `shards` of so many samples have. */
const bounds = (shards: number, samples: number) => Array.from({ length: shards + 1 }, (_, i) => i * samples);
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const weights = (step: number, elements = layout.total, chunk = 0, coding?: Coding): Uint8Array => {
  const frame = new Uint8Array(HEADER_BYTES + 4 * elements);
  writeHeader(frame, { type: FRAME_WEIGHTS, node: 0, chunk, step, ...(coding && { coding }) }, 4 * elements);
  return frame;
};

/** A session that is ready, and holds no weights yet: what it is asked for waits. */
async function ready(buffered: () => number = () => 0, changes: Partial<Welcome> = {}) {
  const sent: WorkerMessage[] = [];
  /** Samples that batches were made of. */
  const assembled: number[] = [];
  const batchOf = async (count: number): Promise<Batch> => {
    assembled.push(count);
    return { count, x: new Uint8Array(0), y: new Uint8Array(0) };
  };
  const failures: unknown[] = [];
  let isReady: () => void = () => undefined;
  let material!: RunMaterial;
  const session = new Session({
    name: 'anna',
    kind: 'node',
    socket: {
      send(bytes) {
        sent.push(decodeWorkerMessage(bytes));
        if (sent.at(-1)!.type === 'ready') isReady();
      },
      sendFrame: () => undefined,
      bufferedBytes: buffered,
    },
    clock: { now: () => 0 },
    prepare: async () =>
      (material = {
        layout,
        limits: LIMITS,
        train: { assemble: ({ length }) => batchOf(length) },
        test: { range: (from, to) => batchOf(to - from) },
        order: () => ORDER,
        compute: {
          name: 'idle',
          engineClass: 'idle@1',
          reason: 'for this test',
          allocate: (elements) => new Float32Array(elements),
          setWeights: async () => undefined,
          computeNode: async () => ({ samples: 0, loss: 0, metric: 0 }),
          evaluate: async () => ({ loss: 0, metric: 0 }),
          close: async () => undefined,
        },
      }),
    fail: (error) => failures.push(error),
    sha256: async (bytes) => sha256(bytes),
    tell: () => undefined,
  });
  onTestFinished(() => session.close());
  const whenReady = new Promise<void>((resolve) => {
    isReady = resolve;
  });
  session.received(welcome(changes));
  await whenReady;
  return { session, sent, assembled, failures, material };
}

const SILENT = { send: () => undefined, sendFrame: () => undefined, bufferedBytes: () => 0 };

describe('weights that a worker is told to compare', () => {
  const RIGHT = sha256(new Uint8Array(4 * layout.total));
  const check = (version: number, hash = RIGHT) => encode({ type: 'check', version, sha256: hash });
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  const toldOf = (sent: WorkerMessage[]) => sent.slice(1).map(({ type }) => type);

  async function atVersion64() {
    const made = await ready(undefined, { weights: 'delta8' });
    const { session } = made;
    session.received(weights(63));
    session.received(weights(64, layout.total, 0, 'delta8'));
    return made;
  }

  it('are left as they are where they have that hash', async () => {
    const { session, sent } = await atVersion64();
    session.received(check(64));
    await settle();
    expect(toldOf(sent)).toEqual(['synced']);
    expect(session.holding()).toMatchObject({ version: 64 });
  });

  it('are held no more where they have another: it says so, heeds no change of them, and waits for all', async () => {
    const { session, sent } = await atVersion64();
    session.received(
      check(
        64,
        RIGHT.replace(/^./, (digit) => (digit === '0' ? '1' : '0')),
      ),
    );
    session.received(weights(65, layout.total, 0, 'delta8'));
    await settle();
    expect(sent.at(-1)).toEqual({ type: 'differs', version: 64 });
    session.received(weights(66, layout.total, 0, 'delta8'));
    session.received(check(66));
    expect(session.holding()).toBeUndefined();
    session.received(weights(65));
    session.received(weights(66, layout.total, 0, 'delta8'));
    expect(session.holding()).toMatchObject({ version: 66 });
    expect(toldOf(sent)).toEqual(['synced', 'differs']);
  });

  it('are those that it has', async () => {
    const { session } = await atVersion64();
    expect(() => session.received(check(65))).toThrow('version 65 is to be compared, where 64 is held');
  });
});

describe('weights that a worker is told to keep', () => {
  const held = Float32Array.from({ length: layout.total }, (_, i) => i);
  const keep = (version: number) => encode({ type: 'keep', version });

  it('are those that it told of, and it has them at once', async () => {
    const { session, sent, material } = await ready();
    session.opened({ version: 7, weights: held, material, sha256: 'f'.repeat(64) });
    expect(sent.at(-1)).toMatchObject({ type: 'join', holds: { version: 7, sha256: 'f'.repeat(64) } });
    session.received(keep(7));
    expect(sent.at(-1)).toEqual({ type: 'synced', version: 7 });
    expect(session.holding()).toMatchObject({ version: 7, weights: held });
    expect(() => session.received(keep(7))).toThrow(
      'version 7 of the weights is to be kept, which is not held',
    );
  });

  it('are copied for an engine that is not the one which they were kept for', async () => {
    const { session, material } = await ready();
    session.opened({ version: 7, weights: held, material: { ...material }, sha256: 'f'.repeat(64) });
    session.received(keep(7));
    expect(session.holding()!.weights).toEqual(held);
    expect(session.holding()!.weights).not.toBe(held);
  });

  it.each<[string, number, number]>([
    ['another version', 8, layout.total],
    ['weights of another model', 7, layout.total + 1],
  ])('are not %s', async (_, version, length) => {
    const { session, material } = await ready();
    session.opened({ version: 7, weights: new Float32Array(length), material, sha256: 'f'.repeat(64) });
    expect(() => session.received(keep(version))).toThrow(MessageError);
  });

  it('are not there where it holds none', async () => {
    const { session } = await ready();
    expect(() => session.received(keep(0))).toThrow(MessageError);
  });
});

describe('a worker refuses, before samples are put together,', () => {
  it.each<[string, Uint8Array, RegExp]>([
    ['to evaluate four billion records', evaluate({ to: 2 ** 32 - 1 }), /records 0 to 4294967295 of 10000/],
    ['to evaluate backwards', evaluate({ from: 9, to: 3 }), /records 9 to 3 of 10000/],
    ['to evaluate the whole set at once', evaluate({ to: 10_000 }), /10000 records at once, .* at most 256/],
    [
      'a lease in which each shard is the whole set',
      lease({ node: 1, bounds: Array.from({ length: 257 }, (_, i) => (i % 2) * RECORDS) }),
      /a shard of 60000 samples, at most 32/,
    ],
    ['a lease whose bounds fall', lease({ bounds: [9, 3] }), /bounds that fall/],
    ['a lease of samples past the end', lease({ bounds: [RECORDS, RECORDS + 1] }), /up to 60001 of 60000/],
    ['a lease of the whole set as one shard', lease({ bounds: [0, RECORDS] }), /a shard of 60000 samples/],
    ['a lease of shards that make no node', lease({ bounds: bounds(300, 1) }), /node 1 has not 300 shards/],
    ['a node of another place', lease({ node: 2, firstShard: 1 }), /node 2 has not 1 shards from shard 1/],
    [
      'a node below the deepest',
      lease({ node: 65_535, firstShard: 65_534, bounds: [0, 1, 2] }),
      /node 65535/,
    ],
    ['a chunk that there is not', lease({ fromChunk: 7 }), /from chunk 7 of 1/],
    ['a second welcome', welcome(), /a second welcome/],
    ['weights that are no chunk of the model', weights(0, 4), /weights: chunk 0 of 16 bytes/],
    ['a chunk of the weights that is not due', weights(0, 3, 2 ** 31), /expected chunk 0/],
    ['a message without end', new Uint8Array(2 ** 20 + 1).fill(0x80), /a message of 1048577 bytes/],
  ])('%s', async (_what, message, reason) => {
    const { session, assembled } = await ready();
    expect(() => session.received(message)).toThrow(reason);
    expect(assembled).toEqual([]);
  });

  it.each<[string, Uint8Array]>([
    ['a heartbeat every millisecond', welcome({ heartbeatMs: 1 })],
    ['a heartbeat that a timer cannot tell', welcome({ heartbeatMs: 2 ** 31 })],
    ['another version of the protocol', welcome({ protocol: 99 })],
    ['a lease before there is anything to compute with', lease()],
    ['a part before there is anything to compute with', evaluate()],
    ['a window before there is anything to send', encode({ type: 'window', step: 0, window: 1 })],
    ['a cancellation of nothing', encode({ type: 'cancel', step: 0, node: 1 })],
    ['weights before it knows of what', weights(0)],
  ])('as the first that it hears, %s', (_what, message) => {
    const prepare = vi.fn();
    const socket = { send: vi.fn(), sendFrame: vi.fn(), bufferedBytes: () => 0 };
    const session = new Session({
      ...{ name: 'anna', kind: 'node', socket, clock: { now: () => 0 }, prepare },
      ...{ fail: () => undefined, tell: () => undefined },
    });
    onTestFinished(() => session.close());
    expect(() => session.received(message)).toThrow(/heartbeatMs|version 99|before this worker was ready/);
    expect(prepare).not.toHaveBeenCalled();
  });
});

describe('what waits to be computed', () => {
  it('is of one step: thousands of leases of steps to come leave the last', async () => {
    const { session, sent } = await ready();
    for (let step = 1; step <= 5000; step++) session.received(lease({ step }));
    const dropped = sent.filter(({ type }) => type === 'dropped');
    expect(dropped).toHaveLength(4999);
    expect(dropped.at(-1)).toMatchObject({ step: 4999 });
  });

  it('is not of a step that is over', async () => {
    const { session, sent, assembled } = await ready();
    session.received(lease({ step: 5 }));
    session.received(lease({ step: 4 }));
    expect(sent.at(-1)).toEqual({ type: 'dropped', step: 4, node: 1 });
    expect(assembled).toHaveLength(1);
  });

  it('is at most a lease for each shard of the step', async () => {
    const { session } = await ready();
    const leaf = (node: number) => lease({ node, firstShard: node - 8, bounds: [0, 1] });
    for (let node = 8; node < 16; node++) session.received(leaf(node));
    expect(() => session.received(leaf(8))).toThrow('lease: 8 wait already, there can be 8');
  });

  it('is at most some parts of an evaluation', async () => {
    const { session } = await ready();
    for (let part = 0; part < 64; part++) session.received(evaluate({ part }));
    expect(() => session.received(evaluate({ part: 64 }))).toThrow('evaluate: 64 wait already');
  });

  it('is at most as many samples as a worker holds at once', async () => {
    const { session, assembled } = await ready();
    // Of 5 bytes each, 2^30 in all.
    LIMITS.samples = 3 * 8 * SHARD;
    onTestFinished(() => {
      LIMITS.samples = Math.floor(2 ** 30 / 5);
    });
    const part = (node: number) => lease({ node, firstShard: (node - 4) * 8, bounds: bounds(8, SHARD) });
    for (const node of [4, 5, 6]) session.received(part(node));
    expect(() => session.received(part(7))).toThrow('512 samples would wait, a worker takes at most 384');
    expect(assembled).toHaveLength(3 * 8);
  });
});

describe('what waits to be sent', () => {
  it('is bounded where the coordinator reads nothing', async () => {
    let buffered = 0;
    const { session, failures } = await ready(() => buffered);
    session.received(lease({ step: 1 }));
    buffered = 2 ** 24;
    session.received(lease({ step: 2 }));
    expect(failures).toEqual([new Error('the coordinator does not read')]);
  });
});

describe('a worker that is sent what no coordinator sends', () => {
  /** A worker whose connection is in the test's hands. */
  function participant() {
    const dialled: ConnectionEvents[] = [];
    const closed: { code: number; reason: string }[] = [];
    const logged: string[] = [];
    const never = () => {
      throw new Error('nothing is fetched or computed here');
    };
    const prepared = vi.fn();
    const over = new Participation({
      joining: { name: 'anna', kind: 'node' },
      address: 'http://coordinator',
      dial(events) {
        dialled.push(events);
        const close = (code: number, reason: string) => void closed.push({ code, reason });
        return { socket: SILENT, close };
      },
      material: {
        ...{ engine: 'auto', startCompute: never, fetchObject: never, sha256: never },
        cache: new MemoryCache(0),
      },
      wait: async () => undefined,
      tell: ({ text }) => logged.push(text),
      watcher: {
        ...{ connected: () => undefined, prepared: () => undefined, progressed: () => undefined },
        ...{ welcomed: prepared, lost: () => undefined },
      },
    }).run(new AbortController().signal);
    return { dialled, closed, logged, over, prepared };
  }

  it('ends at once, says what it was, and looks at nothing else that comes', async () => {
    const { dialled, closed, over, prepared } = participant();
    dialled[0]!.opened();
    dialled[0]!.received(lease());
    dialled[0]!.received(welcome());
    await expect(over).rejects.toThrow(
      'left: the coordinator at http://coordinator does not keep to the protocol (lease before this worker was ready)',
    );
    expect(closed).toEqual([{ code: 4401, reason: 'lease before this worker was ready' }]);
    expect(prepared).not.toHaveBeenCalled();
  });

  it('shows the reason of a close without what would reach its terminal', async () => {
    const { dialled, logged, over } = participant();
    dialled[0]!.opened();
    dialled[0]!.closed(1006, 'gone\x1b]52;c;AAAA\x07\ndone: the run has finished');
    await vi.waitFor(() => expect(dialled).toHaveLength(2));
    expect(logged.at(-1)).toMatch(
      /^connection to http:\/\/coordinator lost \(gone\\u\{1b\}\]52;c;AAAA\\u\{7\} done: the run has finished\); trying/,
    );
    dialled[1]!.closed(4411, 'removed\x1b[2J');
    await expect(over).rejects.toThrow('the coordinator refused this worker: removed\\u{1b}[2J');
  });

  it('says that nobody answers where there never was a connection', async () => {
    const { dialled, logged, over } = participant();
    dialled[0]!.closed(1006, 'connect ECONNREFUSED');
    await vi.waitFor(() => expect(dialled).toHaveLength(2));
    expect(logged).toEqual([
      expect.stringMatching(
        /^no coordinator answers at http:\/\/coordinator \(connect ECONNREFUSED\); trying again/,
      ),
    ]);
    dialled[1]!.closed(4000, 'the run has finished');
    await over;
  });
});
