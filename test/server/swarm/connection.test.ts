/** What breaks the protocol is refused with its own close code and reason, and the run goes on. */
import { describe, expect, it } from 'vitest';
import { printable } from '../../../shared/printable.js';
import { CLOSE } from '../../../shared/protocol/close-codes.js';
import { type Lease, PROTOCOL_VERSION } from '../../../shared/protocol/messages.js';
import { RawWorker } from '../../support/cluster/raw-worker.js';
import { happened, type SmallRun, smallRun } from '../../support/cluster/small-run.js';

/** `linear` on digits: 784 x 10 weights and 10 biases. */
const ELEMENTS = 7850;

/** What remains true after every refusal: an honest worker finishes the run, and every shard counts once. */
async function finishes(run: SmallRun, engine?: string): Promise<void> {
  run.work('honest', engine);
  const summary = await run.finished;
  expect(summary.status).toBe('finished');
  expect(summary.shards.counted).toBe(summary.shards.expected);
}

interface Violation {
  name: string;
  code: number;
  reason: RegExp;
  /** What the worker does once connected. */
  before?: (worker: RawWorker) => void;
  /** ...once it has said it is ready. */
  ready?: (worker: RawWorker) => void;
  /** ...once it has a lease. */
  leased?: (worker: RawWorker, lease: Lease) => void;
}

const EVALUATED = { type: 'evaluated', version: 0, part: 0, samples: 1, loss: 1, metric: 1, computeMs: 1 };

const violations: Violation[] = [
  {
    name: 'another protocol version',
    before: (worker) => worker.join({ protocol: 99 }),
    code: CLOSE.protocolVersion.code,
    reason: new RegExp(`coordinator speaks version ${PROTOCOL_VERSION}, worker 99`),
  },
  {
    name: 'bytes that are no MessagePack',
    before: (worker) => worker.ws.send(new Uint8Array([0xc1, 1, 2])),
    code: CLOSE.malformed.code,
    reason: /not msgpack/,
  },
  {
    name: 'a text message',
    before: (worker) => worker.ws.send('{"type":"join"}'),
    code: CLOSE.malformed.code,
    reason: /text message/,
  },
  {
    name: 'an unknown message',
    before: (worker) => worker.send({ type: 'hello' }),
    code: CLOSE.malformed.code,
    reason: /hello/,
  },
  {
    name: 'a field of the wrong type, which is named',
    before: (worker) => worker.join({ kind: 'toaster' }),
    code: CLOSE.malformed.code,
    reason: /join: field kind/,
  },
  ...['a\u001b]0;title\u0007', 'two\nlines', 'x\u202eemos', 'a\u2028b', 'zero\u200bwidth', '   '].map(
    (name): Violation => ({
      name: `the name ${printable(name)}`,
      before: (worker) => worker.join({ name }),
      code: CLOSE.malformed.code,
      reason: /^join: field name: /,
    }),
  ),
  {
    name: 'an engine whose description clears the screen',
    before: (worker) => {
      worker.join();
      worker.send({ type: 'ready', engine: 'raw', engineClass: 'raw@1', reason: '\u001b[2Jfinished' });
    },
    code: CLOSE.malformed.code,
    reason: /^ready: field reason: /,
  },
  {
    name: 'a message of more than 1 MiB',
    ready: (worker) => worker.ws.send(new Uint8Array((1 << 20) + 1)),
    code: 1009,
    reason: /.*/,
  },
  {
    name: 'anything before join',
    before: (worker) => worker.send({ type: 'synced', version: 0 }),
    code: CLOSE.unexpected.code,
    reason: /synced before join/,
  },
  {
    name: 'a second join',
    ready: (worker) => worker.join(),
    code: CLOSE.unexpected.code,
    reason: /second join/,
  },
  {
    name: 'a contribution that was never leased',
    leased: (worker, lease) => worker.announce({ ...lease, step: lease.step + 7 }),
    code: CLOSE.unexpected.code,
    reason: /step 7, node 1, which was never leased/,
  },
  {
    name: 'a wrong number of samples',
    leased: (worker, lease) => worker.announce(lease, { samples: 1_000_000 }),
    code: CLOSE.wrongShape.code,
    reason: /1000000 samples told, the node has 32/,
  },
  {
    name: 'a gradient of the wrong length',
    leased: (worker, lease) => {
      worker.announce(lease);
      worker.frame(lease, new Float32Array(10));
    },
    code: CLOSE.wrongShape.code,
    reason: /40 bytes, expected 31400/,
  },
  {
    name: 'a chunk that does not exist',
    leased: (worker, lease) => {
      worker.announce(lease);
      worker.frame(lease, new Float32Array(ELEMENTS), { chunk: 9 });
    },
    code: CLOSE.wrongShape.code,
    reason: /chunk 9/,
  },
  {
    name: 'a part of an evaluation that it does not hold',
    leased: (worker) => worker.send({ ...EVALUATED, confusion: [1] }),
    code: CLOSE.unexpected.code,
    reason: /part 0 of the evaluation of version 0, which it does not hold/,
  },
  {
    name: 'a megabyte about an evaluation, of which nothing is built',
    leased: (worker) => worker.send({ ...EVALUATED, confusion: Array(1_000_000).fill(1) }),
    code: CLOSE.unexpected.code,
    reason: /a message of 1000\d+ bytes, where nothing so long was asked for/,
  },
  {
    name: 'a field that no message has',
    leased: (worker) => worker.send({ type: 'heartbeat', more: Array(1000).fill(1) }),
    code: CLOSE.malformed.code,
    reason: /heartbeat: .*more/,
  },
  {
    name: 'a frame whose header lies about its length',
    leased: (worker) => worker.ws.send(new Uint8Array([1, 1, 1, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0])),
    code: CLOSE.malformed.code,
    reason: /header says 9 bytes/,
  },
];

describe('a worker is refused, and the run goes on, for', () => {
  it(`any of these: ${violations.map(({ name }) => name).join(', ')}`, async () => {
    // One run must outlive them all.
    const run = await smallRun();
    for (const { name, before, ready, leased, code, reason } of violations) {
      const worker = await RawWorker.connect(run.url);
      if (before) before(worker);
      else if (ready) {
        await worker.ready();
        ready(worker);
      } else leased!(worker, await worker.lease());
      const closed = await worker.closed;
      expect(closed, name).toEqual({ code, reason: expect.stringMatching(reason) });
    }
    await finishes(run);
  });

  it('a gradient that is not finite, where another worker computes numbers', async () => {
    const run = await smallRun();
    const liar = await RawWorker.connect(run.url);
    const lease = await liar.lease();
    run.work();
    while (run.status().workers.filter(({ state }) => state === 'idle' || state === 'computing').length < 2) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    liar.announce(lease);
    liar.frame(lease, new Float32Array(ELEMENTS).fill(Number.NaN));
    expect(await liar.closed).toMatchObject({ code: CLOSE.notFinite.code });
    const summary = await run.finished;
    expect(summary.status).toBe('finished');
    expect(summary.shards.rejected).toBeGreaterThan(0);
    expect(run.events.some(({ type }) => type === 'worker-refused')).toBe(true);
  });

  it('another engine class than the run demands', async () => {
    const run = await smallRun({ engineClass: 'eager/cpu' });
    const worker = await RawWorker.connect(run.url);
    await worker.ready('other@1');
    expect(await worker.closed).toEqual({
      code: CLOSE.engineClass.code,
      reason: 'this run demands engine class eager/cpu, the worker has other@1',
    });
    await finishes(run, 'eager/cpu');
  });

  it('silence, while its socket stays open', async () => {
    const run = await smallRun({ deadAfter: 1 });
    const worker = await RawWorker.connect(run.url);
    await worker.lease();
    const closed = await worker.closed;
    expect(closed.code).toBe(CLOSE.silent.code);
    expect(closed.reason).toMatch(/^silent for/);
    await finishes(run);
  });
});

describe('a run that diverges', () => {
  it('ends with the step, the last good checkpoint and advice, and keeps that checkpoint', async () => {
    const run = await smallRun({ optimizer: 'sgd', lr: 1e30, model: 'mlp:8', epochs: 4, checkpointEvery: 1 });
    run.work('honest', 'eager/cpu');
    const summary = await run.finished;
    expect(summary.status).toBe('failed');
    expect(summary.reason).toMatch(/^failed at step \d+: .*checkpoint.*; try a lower --lr/);
    expect(run.status().state).toBe('failed');
  });

  it('in the step that a stop lets it end has failed, and is not taken for stopped', async () => {
    const run = await smallRun();
    const worker = await RawWorker.connect(run.url);
    const lease = await worker.lease();
    const stopped = run.stop();
    worker.announce(lease, { loss: Number.NaN });
    expect(await stopped).toMatchObject({ status: 'failed', reason: expect.stringContaining('loss NaN') });
  });
});

it('who comes when the run is over is told so', async () => {
  const run = await smallRun();
  run.work();
  await run.finished;
  const late = await RawWorker.connect(run.url);
  late.join();
  expect(await late.closed).toMatchObject({ code: CLOSE.finished.code });
});

it('a coordinator that ends waits until those whom it sent away have heard so, and tells for whom', async () => {
  const run = await smallRun();
  const distant = await RawWorker.connect(run.url);
  distant.join();
  await distant.next('welcome');
  distant.ws.pause();
  run.work();
  await run.finished;
  const closed = run.close();
  await happened(run, ({ text }) => text.startsWith('the end waits for 1 who'));
  distant.ws.resume();
  expect(await distant.closed).toMatchObject({ code: CLOSE.finished.code });
  await closed;
});

it('a worker that leaves in the middle of its upload costs nothing but time', async () => {
  const run = await smallRun();
  const quitter = await RawWorker.connect(run.url);
  const lease = await quitter.lease();
  quitter.announce(lease);
  quitter.ws.close();
  await finishes(run);
});
