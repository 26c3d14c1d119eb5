/** What the dashboard asks of a coordinator, what an admin may do, and what browsers are forbidden. */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { mayAdminister } from '../../../coordinator/server/network/origin.js';
import type { Greeting, HistoryView, ModelView, TimelineView } from '../../../shared/status/monitoring.js';
import type { Status } from '../../../shared/status/status.js';
import { administer, metricsOf } from '../../support/cluster/cluster.js';
import { happened, next, smallRun } from '../../support/cluster/small-run.js';

const json = async <T>(url: string) => (await (await fetch(url)).json()) as T;

/** With headers that `fetch` does not let one choose. */
function raw(url: string, method: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers }, (response) => {
      response.resume();
      resolve(response.statusCode!);
    });
    outgoing.on('error', reject).end();
  });
}

describe('the pages', () => {
  it('hold no inline code or style, and what they name is served, compressed, for ever', async () => {
    const run = await smallRun();
    for (const path of ['/', '/join', '/wall']) {
      const page = await (await fetch(run.url + path)).text();
      expect(page).not.toMatch(/<script(?![^>]* src=)|<style|style=|\son\w+=/);
      const named = [...page.matchAll(/(?:src|href)="\.(\/assets\/[^"]+)"/g)].map(([, asset]) => asset!);
      expect(named.length).toBeGreaterThan(0);
      for (const asset of named) {
        const response = await fetch(run.url + asset, { headers: { 'Accept-Encoding': 'br' } });
        expect([response.status, response.headers.get('cache-control')]).toEqual([
          200,
          'public, max-age=31536000, immutable',
        ]);
        if (asset.endsWith('.js') && Number(response.headers.get('content-length')) > 1024)
          expect(response.headers.get('content-encoding')).toBe('br');
      }
    }
  });
});

describe('the dashboard', () => {
  it('is less than 150 kB of script, and loads TF.js only when it is asked for', async () => {
    const run = await smallRun();
    const page = await (await fetch(run.url)).text();
    const scripts = [...page.matchAll(/(?:src|href)="\.(\/assets\/[^"]+\.js)"/g)].map(([, path]) => path!);
    let bytes = 0;
    for (const path of scripts) {
      const response = await fetch(run.url + path, { headers: { 'Accept-Encoding': 'gzip' } });
      bytes += Number(response.headers.get('content-length'));
      expect(await response.text()).not.toContain('tfjs');
    }
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(150_000);
  });
});

describe('a WebSocket', () => {
  const upgraded = async (url: string, origin: string) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/swarm`, { headers: { Origin: origin } });
    const opened = await once(socket, 'open').then(
      () => true,
      () => false,
    );
    socket.terminate();
    return opened;
  };

  it('is opened for pages of this coordinator, and for no others', async () => {
    const run = await smallRun();
    expect(await upgraded(run.url, run.url)).toBe(true);
    expect(await upgraded(run.url, 'https://elsewhere.example')).toBe(false);
    expect(await upgraded(run.url, `${run.url}.elsewhere.example`)).toBe(false);
    expect(await upgraded(run.url, 'null')).toBe(false);
  });
});

describe('the figures of a run', () => {
  it('are those of metrics.jsonl, of the layout and of the evaluation', async () => {
    const run = await smallRun();
    run.work('<img src=x onerror=alert(1)>', 'eager/cpu');
    await run.finished;
    const lines = metricsOf(run.runDir);
    const steps = lines.filter(({ type }) => type === 'step');
    const { curve, evaluations } = await json<HistoryView>(`${run.url}/api/history?points=4000`);
    expect(curve.step).toEqual(steps.map(({ step }) => step));
    expect(curve.loss.mean).toEqual(steps.map(({ loss }) => loss));
    expect(curve.metric.mean).toEqual(steps.map(({ accuracy }) => accuracy));
    expect(curve.gradientNorm.mean).toEqual(steps.map(({ gradientNorm }) => gradientNorm));
    const tests = lines.filter(({ type }) => type === 'evaluation');
    expect(evaluations.metric.mean).toEqual(tests.map(({ accuracy }) => accuracy));

    const model = await json<ModelView>(`${run.url}/api/model`);
    expect([model.name, model.parameters]).toEqual(['linear', 7850]);
    const { confusion, mistakes } = model.evaluation!;
    expect(confusion!.reduce((a, b) => a + b, 0)).toBe(20);
    const right = Array.from({ length: 10 }, (_, i) => confusion![11 * i]!).reduce((a, b) => a + b, 0);
    expect(right / 20).toBe(tests.at(-1)!.accuracy);
    expect(mistakes.length).toBe(Math.min(24, 20 - right));
    for (const { record, actual, predicted, x } of mistakes) {
      // Record i of the drawn digits is a picture of i modulo 10.
      expect([actual, Buffer.from(x!, 'base64').length]).toEqual([record % 10, 784]);
      expect(predicted).not.toBe(actual);
    }
    expect(mistakes.map(({ confidence }) => confidence)).toEqual(
      mistakes.map(({ confidence }) => confidence).sort((a, b) => b - a),
    );
    const [kernel] = model.histograms!.weights;
    expect([kernel!.name, kernel!.shape]).toEqual(['output/kernel', [784, 10]]);
    expect(kernel!.gradients).not.toBeNull();

    const { steps: lanes, workers } = await json<TimelineView>(`${run.url}/api/timeline`);
    expect(lanes.map(({ step }) => step)).toEqual(steps.map(({ step }) => step));
    expect(workers.map(({ name }) => name)).toEqual(['<img src=x onerror=alert(1)>']);
    // One after the other, they cannot have taken longer than the run.
    const { seconds } = await run.finished;
    expect(lanes.reduce((sum, { milliseconds }) => sum + milliseconds, 0)).toBeLessThan(1000 * seconds);

    const weights = await fetch(`${run.url}/api/weights`);
    expect(weights.headers.get('x-version')).toBe(String(steps.length));
    const bytes = Buffer.from(await weights.arrayBuffer());
    const { createHash } = await import('node:crypto');
    expect(createHash('sha256').update(bytes).digest('hex')).toBe((await run.finished).weightsSha256);
  });

  it('of a run that does not exist are not there, and odd questions are answered', async () => {
    const run = await smallRun();
    expect((await fetch(`${run.url}/api/history?run=7`)).status).toBe(404);
    for (const query of [
      'points=-1',
      'points=1e99',
      'from=x&to=',
      'every=0',
      'every=999999999999',
      'from=9&to=2',
      'points=0',
    ]) {
      const response = await fetch(`${run.url}/api/history?${query}`);
      const { curve } = (await response.json()) as HistoryView;
      expect([response.status, curve.step]).toEqual([200, []]);
    }
  });
});

describe('the live feed', () => {
  it('greets, tells events and status, and ends with the last state', async () => {
    const run = await smallRun();
    const response = await fetch(`${run.url}/api/live`);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const reading = response.text();
    run.work();
    await run.finished;
    await run.close();
    const messages = [...(await reading).matchAll(/event: (\w+)\ndata: (.*)\n\n/g)].map(
      ([, event, data]) => ({
        event,
        data: JSON.parse(data!),
      }),
    );
    const greeting = messages[0]!.data as Greeting;
    expect(messages[0]!.event).toBe('greeting');
    expect([greeting.admin, greeting.live, greeting.runs.length]).toEqual([true, true, 1]);
    const statuses = messages.filter(({ event }) => event === 'status').map(({ data }) => data as Status);
    expect(statuses.at(-1)).toMatchObject({ state: 'finished', step: 4 });
    const events = messages
      .filter(({ event }) => event === 'events')
      .flatMap(({ data }) => data as { id: number; type: string }[]);
    expect(events.map(({ id }) => id)).toEqual(events.map((_, i) => i));
    expect(events.map(({ type }) => type)).toContain('finished');
  });
});

describe('an admin', () => {
  it('pauses, resumes, changes the learning rate and asks for a checkpoint, each between two steps', async () => {
    const run = await smallRun({ steps: 12, epochs: undefined, schedule: 'constant' });
    // It has passed the place before the first step: what is asked for now is done after it.
    await happened(run, ({ type }) => type === 'waiting');
    expect((await administer(run.url, 'pause')).status).toBe(200);
    expect((await administer(run.url, 'learning-rate', { learningRate: 0.0125 })).status).toBe(200);
    const paused = next(run, ({ type }) => type === 'change');
    run.work();
    await paused;
    expect(run.status()).toMatchObject({ state: 'paused', step: 1 });
    const kept = next(run, (event) => event.type === 'checkpoint' && event.step === 1);
    await administer(run.url, 'checkpoint');
    expect((await kept).text).toContain('step-000000001.ckpt');
    expect(run.status().step).toBe(1);
    await administer(run.url, 'resume');
    await run.finished;
    const lines = metricsOf(run.runDir);
    expect(lines.filter(({ type }) => type === 'change')).toEqual([
      { type: 'change', step: 1, what: 'pause' },
      { type: 'change', step: 1, what: 'learning-rate', learningRate: 0.0125 },
      { type: 'change', step: 1, what: 'resume' },
    ]);
    const rates = lines.filter(({ type }) => type === 'step').map(({ learningRate }) => learningRate);
    expect(rates[0]).not.toBe(0.0125);
    expect(new Set(rates.slice(1))).toEqual(new Set([0.0125]));
    expect((await administer(run.url, 'pause')).status).toBe(409);
  });

  it('stops the run', async () => {
    const run = await smallRun();
    await administer(run.url, 'stop');
    expect((await run.finished).status).toBe('stopped');
  });

  it('removes a worker, which does not come back', async () => {
    const run = await smallRun({ steps: 100_000, epochs: undefined });
    const worker = run.work('unwanted');
    await happened(run, ({ type }) => type === 'worker-joined');
    const { id } = run.status().workers[0]!;
    expect((await administer(run.url, 'remove-worker', { worker: id + 1 })).status).toBe(404);
    expect((await administer(run.url, 'remove-worker', { worker: id })).status).toBe(200);
    await expect(worker.finished).rejects.toThrow(/removed by an admin/);
    expect(run.status().workers).toEqual([]);
  });

  it('is nobody from another page, under another name, or without the header', async () => {
    const run = await smallRun();
    const url = `${run.url}/api/admin/stop`;
    const { host } = new URL(run.url);
    const admin = { 'X-Swarmgrad-Admin': '1', Host: host };
    expect(await raw(url, 'POST', { Host: host })).toBe(403);
    expect(await raw(url, 'POST', { ...admin, Origin: 'https://elsewhere.example' })).toBe(403);
    expect(await raw(url, 'POST', { ...admin, Origin: 'null' })).toBe(403);
    expect(await raw(url, 'POST', { ...admin, Host: 'elsewhere.example' })).toBe(403);
    expect(await raw(url, 'GET', admin)).toBe(405);
    expect(run.status().state).not.toBe('stopped');
  });

  it('must be on the machine of the run', () => {
    const from = (remoteAddress: string, host = 'localhost:8790') =>
      mayAdminister({ socket: { remoteAddress }, headers: { host } } as IncomingMessage);
    expect(['127.0.0.1', '::1', '::ffff:127.0.0.1'].map((address) => from(address))).toEqual([
      true,
      true,
      true,
    ]);
    expect(['192.168.1.7', '::ffff:10.0.0.1', '127.evil', ''].map((address) => from(address))).toEqual(
      Array(4).fill(false),
    );
    expect(['127.0.0.1:1', '[::1]:1'].map((host) => from('::1', host))).toEqual([true, true]);
    expect(['localhost.evil.example', '192.168.1.7:1', ''].map((host) => from('::1', host))).toEqual(
      Array(3).fill(false),
    );
  });

  it.each([
    ['learning-rate', { learningRate: 0 }],
    ['learning-rate', { learningRate: '0.1' }],
    ['learning-rate', null],
    ['remove-worker', { worker: 'all' }],
    ['learning-rate', { learningRate: 1, more: 'x'.repeat(2000) }],
  ])('is told what is wrong with %s %j', async (action, body) => {
    const run = await smallRun();
    const response = await administer(run.url, action, body);
    const { error } = (await response.json()) as { error: string };
    expect([response.status, typeof error]).toEqual([400, 'string']);
  });
});
