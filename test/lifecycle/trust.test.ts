/** Volunteers in a real run: sockets, a real engine, and the coordinator's own beside it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CLOSE } from '../../shared/protocol/close-codes.js';
import { RawWorker } from '../support/cluster/raw-worker.js';
import { type SmallRun, smallRun } from '../support/cluster/small-run.js';

/** `linear` on digits: 784 x 10 weights and 10 biases. */
const ELEMENTS = 7850;

/** Takes a lease, and sends numbers that are none of its gradient. */
async function lie(run: SmallRun): Promise<RawWorker> {
  const liar = await RawWorker.connect(run.url);
  const lease = await liar.lease();
  liar.announce(lease);
  liar.frame(lease, new Float32Array(ELEMENTS).fill(0.5));
  return liar;
}

describe('volunteers in a real run', () => {
  it('are audited by the coordinator: the honest one makes the weights of a trusted one, the liar is banned', async () => {
    const trusted = await smallRun();
    trusted.work('honest', 'compiled/wasm');
    const { weightsSha256 } = await trusted.finished;

    const run = await smallRun({ volunteers: 'all', auditRate: 1, deadAfter: 60 });
    const liar = await lie(run);
    expect(await liar.closed).toMatchObject({ code: CLOSE.banned.code });
    const ban = run.events.find(({ type }) => type === 'banned');
    expect(ban?.text).toMatch(
      /^step 1: raw is banned: its node 1, recomputed by coordinator: .* values have other bits/,
    );

    // It may come back as often as it likes.
    const again = await RawWorker.connect(run.url);
    again.join();
    expect(await again.closed).toMatchObject({ code: CLOSE.banned.code });

    run.work('honest', 'compiled/wasm');
    const summary = await run.finished;
    expect(summary.status).toBe('finished');
    expect(summary.weightsSha256).toBe(weightsSha256);
    expect(summary.reproducible.holds).toBe(true);
    expect(summary.audits).toMatchObject({
      failed: 1,
      banned: [{ identity: 'raw (local)', name: 'raw', step: 1 }],
    });
    expect(summary.audits.passed).toBeGreaterThan(0);
    expect(summary.shards.counted).toBe(summary.shards.expected);
    const samples = summary.workers.reduce((sum, worker) => sum + worker.samples, 0);
    expect(samples).toBe(summary.samplesTrained);
    expect(JSON.parse(await readFile(join(run.runDir, 'trust.json'), 'utf8'))).toEqual(summary.audits);
  });

  it('are banned after a resume too', async () => {
    const run = await smallRun({ volunteers: 'all', deadAfter: 60 });
    await (await lie(run)).closed;
    await run.close();
    const resumed = await smallRun({
      ...{ data: undefined, model: undefined, batchSize: undefined, shards: undefined, epochs: undefined },
      runDir: run.runDir,
      resume: true,
    });
    const liar = await RawWorker.connect(resumed.url);
    liar.join();
    expect(await liar.closed).toMatchObject({ code: CLOSE.banned.code });
    await resumed.stop();
    expect((await resumed.finished).audits.banned).toHaveLength(1);
  });

  it('are taken as trusted where nobody is a volunteer', async () => {
    const run = await smallRun();
    run.work();
    expect((await run.finished).audits).toMatchObject({ made: 0, banned: [] });
  });
});
