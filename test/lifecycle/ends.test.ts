/** Ends of a run, as whoever watches it hears of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readLatest } from '../../coordinator/record/checkpoint/reader.js';
import { Departures } from '../../coordinator/workers/history/departures.js';
import { administer } from '../support/cluster/cluster.js';
import { happened, smallRun } from '../support/cluster/small-run.js';
import { workHere } from '../support/cluster/worker-here.js';

afterEach(() => void vi.restoreAllMocks());

const stored = (runDir: string) => JSON.parse(readFileSync(join(runDir, 'view.json'), 'utf8'));

describe('a run that nobody who comes can compute', () => {
  it('says why its workers left, and fails with that reason after a while, in all of its files', async () => {
    const run = await smallRun();
    await happened(run, ({ type }) => type === 'waiting');
    workHere(run.url, { unable: 'no engine of this machine computes the model' });
    const left = await happened(run, ({ type }) => type === 'worker-left');
    expect(left.text).toBe(
      'light left: connection closed (4430): no engine of this machine computes the model',
    );
    const waiting = await happened(run, ({ text }) => text.startsWith('no worker is left'));
    expect(waiting.text).toMatch(
      /the last worker could not compute this run: .*: no engine of this machine computes the model; the run fails in 120 s unless/,
    );
    expect(run.status()).toMatchObject({
      state: 'waiting',
      trouble: expect.stringContaining('no engine of this machine'),
    });
    const { verdict } = Departures.prototype;
    vi.spyOn(Departures.prototype, 'verdict').mockImplementation(function (this: Departures, now) {
      return { ...verdict.call(this, now)!, msLeft: 0 };
    });
    const summary = await run.finished;
    const reason = expect.stringMatching(
      /^failed at step 0: the last worker could not compute this run: .*no engine of this machine.*; to go on with workers that can: npx swarmgrad coordinator --run-dir .* --resume$/,
    );
    expect(summary).toMatchObject({ status: 'failed', reason });
    expect(run.status()).toMatchObject({ state: 'failed', message: reason });
    expect(stored(run.runDir).events.at(-1)).toMatchObject({ type: 'finished', text: reason });
    expect((await readLatest(join(run.runDir, 'checkpoints'), () => undefined))!.state.progress.step).toBe(0);
  });
});

describe('the end of a run', () => {
  it('is among the events that its files tell, with the command that goes on', async () => {
    const run = await smallRun({ epochs: 1000 });
    await run.stop();
    const { message } = run.status();
    expect(message).toBe(
      `stopped at step 0; to go on: npx swarmgrad coordinator --run-dir ${run.runDir} --resume`,
    );
    expect(stored(run.runDir).events.at(-1)).toMatchObject({ type: 'finished', text: message });
  });
});

describe('a run that an admin has ended, and that is still served', () => {
  it('goes on where the admin asks for it, once the program offers that', async () => {
    const run = await smallRun({ steps: 1_000_000, epochs: undefined });
    const possible = async () => (await fetch(`${run.url}/api/continuation`)).json();
    run.workSlowly();
    await happened(run, ({ type }) => type === 'worker-joined');
    expect((await administer(run.url, 'go-on', { from: 'last' })).status).toBe(409);
    await administer(run.url, 'stop');
    const { steps } = await run.finished;
    expect(await possible()).toBeNull();
    const asked = run.continued();
    expect(await possible()).toMatchObject({ last: steps, best: null });
    expect((await administer(run.url, 'go-on', { from: 'best' })).status).toBe(409);
    expect((await administer(run.url, 'go-on', { from: 'last', learningRate: 0.5 })).status).toBe(200);
    expect(await asked).toEqual({ from: 'last', step: steps, learningRate: 0.5 });
    // It is done once.
    expect(await possible()).toBeNull();
  });
});
