/** What a server lets anyone have: bounded, refused with a code of its own, and counted. */
import { once } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { AnswerTime, JoinRate, MessageRate, OpenCount } from '../../../coordinator/server/network/limits.js';
import { CLOSE } from '../../../shared/protocol/close-codes.js';
import { encode } from '../../../shared/protocol/codec.js';
import { PROTOCOL_VERSION } from '../../../shared/protocol/messages.js';
import { edge } from '../../support/cluster/edge.js';
import { RawWorker } from '../../support/cluster/raw-worker.js';
import { type SmallRun, smallRun } from '../../support/cluster/small-run.js';

/** The value of a line of /metrics. */
async function metric(run: SmallRun, line: string): Promise<number | undefined> {
  const text = await (await fetch(`${run.url}/metrics`)).text();
  const found = text.split('\n').find((one) => one.startsWith(`${line} `));
  return found === undefined ? undefined : Number(found.slice(line.length + 1));
}

describe('open things', () => {
  it('are bounded in all and by address, and an address that has none takes no memory', () => {
    const open = new OpenCount(3, 2);
    const [a1, a2] = [open.open('a'), open.open('a')];
    expect([open.open('a'), typeof open.open('b'), open.open('c')]).toEqual([
      undefined,
      'function',
      undefined,
    ]);
    a1!();
    a1!();
    expect([open.total, typeof open.open('c'), open.open('a')]).toEqual([2, 'function', undefined]);
    a2!();
    expect((open as unknown as { byNetwork: Map<string, number> }).byNetwork.has('a')).toBe(false);
  });
});

describe('messages', () => {
  it('may come 40,000 at once, and then 20,000 a second', () => {
    let time = 0;
    const rate = new MessageRate(() => time);
    const taken = (most: number) =>
      Array.from({ length: most }, () => rate.take()).filter((why) => !why).length;
    expect(taken(50_000)).toBe(40_000);
    time = 3_600_000;
    expect(taken(50_000)).toBe(40_000);
    // Those that were refused count as well: whoever goes on without a pause is not let in again.
    time += 2_000;
    expect(taken(50_000)).toBe(30_000);
  });

  it('that are no frames may have 256 KiB at once, and then 64 KiB a second, and some for each question', () => {
    let time = 0;
    const rate = new MessageRate(() => time);
    const kilobytes = (most: number) =>
      Array.from({ length: most }, () => rate.take(1024)).indexOf('tooManyBytes');
    expect(kilobytes(1000)).toBe(256);
    time = 3_600_000;
    expect(kilobytes(1000)).toBe(256);
    time = 7_200_000;
    expect(rate.take(256 << 10)).toBeUndefined();
    time += 1000;
    expect([rate.take(64 << 10), rate.take(1)]).toEqual([undefined, 'tooManyBytes']);
    // However fast a run is: what answers a lease is not held against the worker.
    const busy = new MessageRate(() => 0);
    for (let lease = 0; lease < 5000; lease++) {
      busy.asked();
      expect(busy.take(300)).toBeUndefined();
    }
    // ...nor saved up without end.
    for (let lease = 0; lease < 5000; lease++) busy.asked();
    expect(busy.take((256 << 10) + 1)).toBe('tooManyBytes');
  });

  it('of a flood are refused, and the run goes on', async () => {
    const run = await smallRun();
    const worker = await RawWorker.connect(run.url);
    await worker.ready();
    const heartbeat = encode({ type: 'heartbeat' });
    for (let at = 0; at < 120_000; at++) worker.ws.send(heartbeat);
    expect((await worker.closed).code).toBe(CLOSE.tooManyBytes.code);
    expect(await metric(run, 'swarmgrad_connections_refused_total{reason="tooManyBytes"}')).toBe(1);
    run.work();
    expect((await run.finished).status).toBe('finished');
  });

  it('before the join are short', async () => {
    const run = await smallRun();
    const worker = await RawWorker.connect(run.url);
    worker.send({ type: 'join', protocol: PROTOCOL_VERSION, name: 'x'.repeat(5000), kind: 'node' });
    expect(await worker.closed).toMatchObject({
      code: CLOSE.malformed.code,
      reason: /a first message of \d+ bytes/,
    });
  });
});

describe('answers', () => {
  it('may take a second of the event loop for one address, and then a tenth', async () => {
    let now = 0;
    const view = vi.fn(() => {
      now += 100;
      return {};
    });
    const { url } = await edge({
      now: () => now,
      worked: () => now,
      monitor: { history: { view } as never },
    });
    const ask = async () => (await fetch(`${url}/api/history`)).status;
    for (let asked = 0; asked < 12; asked++) expect(await ask()).toBe(200);
    expect(await ask()).toBe(429);
    expect(view).toHaveBeenCalledTimes(12);
    now += 1001;
    expect([await ask(), await ask()]).toEqual([200, 429]);
    // What costs nothing is answered as ever.
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  it('include the greeting of a page that watches: one that comes again and again is refused', async () => {
    let now = 0;
    const model = () => {
      now += 100;
      return { name: 'linear', parameters: 1 };
    };
    const { url } = await edge({
      now: () => now,
      worked: () => now,
      status: () => ({ workers: [] }),
      monitor: { model, events: { from: () => [] } } as never,
    });
    const answers: number[] = [];
    while (answers.length < 13) {
      const feed = await fetch(`${url}/api/live`);
      answers.push(feed.status);
      await feed.body?.cancel();
    }
    expect(answers).toEqual([...Array(12).fill(200), 429]);
  });

  it('of however many addresses take two fifths of it, after two seconds', () => {
    let now = 0;
    let answered = 0;
    const time = new AnswerTime(
      () => now,
      () => now,
    );
    for (let at = 0; now < 100_000; at++) {
      const isAnswered = time.spend(`192.0.${at % 200}.${at % 7}`, () => {
        now += 50;
      });
      if (isAnswered) answered += 50;
      else now += 1;
    }
    expect(answered).toBeLessThanOrEqual(0.4 * now + 2000 + 50);
    expect(answered).toBeGreaterThanOrEqual(0.4 * now);
  });

  it('are not refused for the time that a busy machine gave to others, or that other threads worked', () => {
    let [now, worked] = [0, 0];
    const time = new AnswerTime(
      () => now,
      () => worked,
    );
    const refused = (milliseconds: number, ofThem: number) =>
      Array.from({ length: 200 }, () =>
        time.spend('192.0.2.1', () => {
          now += milliseconds;
          worked += ofThem;
        }),
      ).filter((isAnswered) => !isAnswered).length;
    // 25 ms each, of which the answer has 1; and 1 ms each, while other threads have worked 25.
    expect([refused(25, 1), refused(1, 25)]).toEqual([0, 0]);
    expect(refused(25, 25)).toBeGreaterThan(0);
  });
});

describe('joins', () => {
  it('of one identity are 64 at once and then one a second, and those that are refused cost nothing', () => {
    let time = 0;
    const joins = new JoinRate(() => time);
    const joined = (identity: string) =>
      Array.from({ length: 500 }, () => joins.mayJoin(identity)).filter(Boolean).length;
    expect([joined('a'), joined('b')]).toEqual([64, 64]);
    time += 10_000;
    expect(joined('a')).toBe(10);
  });

  it('of however many identities take bounded memory', () => {
    const joins = new JoinRate(() => 0);
    for (let at = 0; at < 10_000; at++) joins.mayJoin(`identity ${at}`);
    expect((joins as unknown as { buckets: { size: number } }).buckets.size).toBe(4096);
  });

  it('of a volunteer that comes and goes without end are refused, with a code of their own', async () => {
    const { url, counts } = await edge({ now: () => 0 }, { id: '1', role: 'volunteer', name: 'guests' });
    // On this machine the name is the identity: the same one comes again and again.
    for (let visit = 0; visit < 64; visit++) {
      const guest = await RawWorker.connect(url);
      guest.join();
      await guest.next('welcome');
      guest.ws.terminate();
    }
    const last = await RawWorker.connect(url);
    last.join();
    expect((await last.closed).code).toBe(CLOSE.tooManyJoins.code);
    expect(counts.closed.get('tooManyJoins')).toBe(1);
  });
});

describe('connections', () => {
  it('are bounded for an address, and there is room again when one has gone', async () => {
    const run = await smallRun({ maxConnectionsPerAddress: 2 });
    const [first, second] = [await RawWorker.connect(run.url), await RawWorker.connect(run.url)];
    await expect(RawWorker.connect(run.url)).rejects.toThrow(/503/);
    expect(await metric(run, 'swarmgrad_connections_refused_total{reason="tooManyStrangers"}')).toBe(1);
    for (const worker of [first, second]) {
      worker.join();
      await worker.next('welcome');
    }
    const third = await RawWorker.connect(run.url);
    third.join();
    expect((await third.closed).code).toBe(CLOSE.tooManyConnections.code);
    expect(await metric(run, 'swarmgrad_connections_refused_total{reason="tooManyConnections"}')).toBe(1);
    expect(await metric(run, 'swarmgrad_open_connections{kind="websocket"}')).toBe(2);
    first.ws.close();
    await first.closed;
    for (;;) {
      const next = await RawWorker.connect(run.url);
      next.join();
      if (await next.next('welcome').catch(() => undefined)) break;
    }
  });

  it('are bounded in all', async () => {
    const run = await smallRun({ maxConnections: 1 });
    await RawWorker.connect(run.url);
    await expect(RawWorker.connect(run.url)).rejects.toThrow(/503/);
  });

  it('of pages that watch are bounded for an address, and a page that has gone makes room', async () => {
    const run = await smallRun();
    const watch = async () => {
      const abort = new AbortController();
      // All of it is kept: where nobody holds a response any more, its connection is closed.
      const response = await fetch(`${run.url}/api/live`, { signal: abort.signal });
      return { response, abort };
    };
    const all = await Promise.all(Array.from({ length: 33 }, watch));
    expect(all.map(({ response }) => response.status).sort()).toEqual([...Array(32).fill(200), 503]);
    expect(await metric(run, 'swarmgrad_open_connections{kind="events"}')).toBe(32);
    for (const { abort, response } of all) {
      await response.body?.cancel().catch(() => undefined);
      abort.abort();
    }
    for (;;) {
      const { response } = await watch();
      await response.body?.cancel();
      if (response.status === 200) break;
    }
  });
});

describe('what is refused', () => {
  it.each<[string, (worker: RawWorker) => void]>([
    ['malformed', (worker) => worker.send({ type: 'hello' })],
    ['messageTooLong', (worker) => worker.ws.send(new Uint8Array((1 << 20) + 1))],
    ['unexpected', (worker) => worker.send({ type: 'synced', version: 0 })],
  ])('is counted as %s', async (reason, act) => {
    const run = await smallRun();
    const worker = await RawWorker.connect(run.url);
    act(worker);
    await worker.closed;
    expect(await metric(run, `swarmgrad_connections_refused_total{reason="${reason}"}`)).toBe(1);
  });

  it('from a page from elsewhere is counted too', async () => {
    const run = await smallRun();
    const ws = new WebSocket(`${run.url.replace('http', 'ws')}/swarm`, {
      origin: 'https://elsewhere.example',
    });
    await once(ws, 'error');
    expect(await metric(run, 'swarmgrad_connections_refused_total{reason="foreignOrigin"}')).toBe(1);
    expect(await metric(run, 'swarmgrad_http_responses_total{code="403"}')).toBe(1);
  });
});

describe('/metrics', () => {
  it('tells in the format of Prometheus what the summary says', async () => {
    const run = await smallRun();
    run.work();
    const summary = await run.finished;
    expect((await fetch(`${run.url}/metrics`)).headers.get('content-type')).toMatch(
      /^text\/plain; version=0\.0\.4/,
    );
    expect(await metric(run, 'swarmgrad_steps_total')).toBe(summary.steps);
    expect(await metric(run, 'swarmgrad_samples_total')).toBe(summary.samplesTrained);
    expect(await metric(run, 'swarmgrad_shards_total{outcome="counted"}')).toBe(summary.shards.counted);
    expect(await metric(run, 'swarmgrad_step_duration_seconds_count')).toBe(summary.steps);
    expect(await metric(run, 'swarmgrad_run_over')).toBe(1);
    expect(await metric(run, 'swarmgrad_messages_total{sender="stranger"}')).toBe(1);
    // At least ready, synced, a contribution a step with a frame each.
    expect(await metric(run, 'swarmgrad_messages_total{sender="worker"}')).toBeGreaterThan(
      2 + 2 * summary.steps,
    );
    expect(await metric(run, 'swarmgrad_bytes_total{direction="received"}')).toBeGreaterThan(1000);
    const text = await (await fetch(`${run.url}/metrics`)).text();
    for (const line of text.split('\n').filter(Boolean))
      expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? [\d.eE+-]+)$/);
  });

  it('counts workers by what they are', async () => {
    const run = await smallRun({ minWorkers: 9 });
    const workers = [await RawWorker.connect(run.url), await RawWorker.connect(run.url)];
    for (const worker of workers) worker.join();
    await Promise.all(workers.map((worker) => worker.next('welcome')));
    expect(await metric(run, 'swarmgrad_workers{state="joining",kind="node",role="worker"}')).toBe(2);
  });
});
