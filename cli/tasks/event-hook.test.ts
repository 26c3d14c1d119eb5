import { mkdtempSync, readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { LoggedEvent } from '../../shared/status/events.js';
import { createEventHook } from './event-hook.js';

const event = (id: number, level: LoggedEvent['level'] = 'info'): LoggedEvent => ({
  ...{ type: 'warning', text: `event ${id}`, id, at: 1000 * id, level },
});

function subject(target: string, more: { patienceMs?: number } = {}) {
  const warnings: string[] = [];
  const warn = (text: string) => void warnings.push(text);
  return { hook: createEventHook({ target, runDir: '/runs/one', warn, retryMs: 1, ...more }), warnings };
}

/** @returns its address, and the bodies that it was sent */
async function receiver(answer: RequestListener) {
  const bodies: string[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const piece of request) body += piece;
    bodies.push(body);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret`, bodies };
}

const texts = (bodies: readonly string[]) => bodies.map((body) => JSON.parse(body).text);

describe('what is done on an event', () => {
  it('posts each to an address, in order, with the fields of the log and the words that chats show', async () => {
    const { url, bodies } = await receiver((_, response) => response.end('ok'));
    const { hook, warnings } = subject(url);
    for (const id of [1, 2, 3]) hook.event(event(id));
    await hook.settled();
    expect(texts(bodies)).toEqual(['event 1', 'event 2', 'event 3']);
    expect(JSON.parse(bodies[0]!)).toEqual({
      ...{ time: '1970-01-01T00:00:01.000Z', level: 'info', type: 'warning', runDir: '/runs/one' },
      ...{ text: 'event 1', content: 'event 1' },
    });
    expect(warnings).toEqual([]);
  });

  it('leaves out what is for debugging', async () => {
    const { url, bodies } = await receiver((_, response) => response.end());
    const { hook } = subject(url);
    hook.event(event(1, 'debug'));
    hook.event(event(2));
    await hook.settled();
    expect(texts(bodies)).toEqual(['event 2']);
  });

  it('tries an address again that has trouble of its own', async () => {
    let answers = 0;
    const { url, bodies } = await receiver((_, response) => {
      response.statusCode = answers++ < 2 ? 503 : 200;
      response.end();
    });
    const { hook, warnings } = subject(url);
    hook.event(event(1));
    await hook.settled();
    expect(texts(bodies)).toEqual(['event 1', 'event 1', 'event 1']);
    expect(warnings).toEqual([]);
  });

  it('warns once of an address that refuses, without its secret, and goes on with the next event', async () => {
    const { url, bodies } = await receiver((_, response) => {
      response.statusCode = 404;
      response.end();
    });
    const { hook, warnings } = subject(url);
    for (const id of [1, 2]) hook.event(event(id));
    await hook.settled();
    expect(texts(bodies)).toEqual(['event 1', 'event 2']);
    expect(warnings[0]).toMatch(/^--on-event http:\/\/127\.0\.0\.1:\d+: it answered 404; the run goes on/);
    expect(warnings[1]).toMatch(/2 events in all could not be told$/);
    expect(warnings.join()).not.toContain('secret');
    expect(warnings).toHaveLength(2);
  });

  it('waits no longer for the last events than it may', async () => {
    const { url } = await receiver(() => undefined);
    const { hook, warnings } = subject(url, { patienceMs: 50 });
    for (const id of [1, 2]) hook.event(event(id));
    await hook.settled();
    expect(warnings[0]).toContain('the last events took longer than 0.05 s');
  });

  it('gives each to a command on its standard input', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'hook-')), 'lines');
    const { hook, warnings } = subject(`cat >> ${file}; echo "$SWARMGRAD_EVENT" >> ${file}`);
    for (const id of [1, 2]) hook.event(event(id));
    await hook.settled();
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    expect(texts([lines[0]!, lines[2]!])).toEqual(['event 1', 'event 2']);
    expect(lines[1]).toBe('warning');
    expect(warnings).toEqual([]);
  });

  it('tells how a command failed', async () => {
    const { hook, warnings } = subject('exit 3');
    hook.event(event(1));
    await hook.settled();
    expect(warnings).toEqual([
      expect.stringMatching(/^--on-event exit: it ended with code 3; the run goes on/),
    ]);
  });
});
