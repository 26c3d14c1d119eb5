import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import type { RunView } from '../../monitor/views.js';
import { LiveFeed } from './live.js';

it('a status that cannot be told cuts off who watches, is told as a warning, and ends nothing else', async () => {
  let calls = 0;
  const run = {
    id: 'run',
    monitor: { events: { from: () => [] }, model: () => ({ name: 'cnn', parameters: 1 }) },
    status() {
      if (++calls === 3) throw new Error('a defect');
      return { workers: [] };
    },
  } as unknown as RunView;
  const dashboard = { server: 'test', runs: [run], live: true, tokens: false, join: () => '' };
  const warnings: string[] = [];
  const live = new LiveFeed(dashboard, (text) => warnings.push(text));
  const server = createServer((request, response) => live.serve(request, response, ['admin'], '127.0.0.1'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const watch = () => fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/api/live`);
  await expect(watch().then((answer) => answer.text())).rejects.toThrow();
  expect(warnings).toEqual(['the pages that watch were cut off: a defect']);
  // It is told to the next one.
  const { value } = await (await watch()).body!.getReader().read();
  expect(new TextDecoder().decode(value)).toContain('event: greeting');
  await live.close();
});
