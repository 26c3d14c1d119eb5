import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ENGINE_NAMES } from '../shared/engines/engines.js';
import { OPTIMIZER_NAMES } from '../shared/numerics/update/optimizers/optimizers.js';
import type { StatusView } from '../shared/status/monitoring.js';
import { VERSION } from '../shared/version.js';
import { commandHere } from '../test/support/cluster/here.js';
import { statusView } from '../test/support/files/status-fixture.js';
import { temporaryFolder } from '../test/support/files/temporary-folder.js';

const ENGINES = ENGINE_NAMES.join(', ');

const root = temporaryFolder();

describe('the command line', () => {
  it.each([
    [['coordinator', '--batch-size', '0'], '--batch-size must be a whole number of at least 1, not "0"'],
    [['coordinator', '--batch-sizes', '1'], "unknown option '--batch-sizes' (Did you mean --batch-size?)"],
    [['coordinator', '--lr'], "option '--lr <X>' argument missing"],
    [['start', '--shards', '12'], '--shards must be a power of two from 1 to 32768, or auto, not "12"'],
    [
      ['coordinator', '--engine-class', 'compile/wasm'],
      `--engine-class must be auto, any, or one of ${ENGINES}, not "compile/wasm"; did you mean compiled/wasm?`,
    ],
    [
      ['coordinator', '--local-engine', 'wasm'],
      `--local-engine must be auto, or one of ${ENGINES}, not "wasm"`,
    ],
    [
      ['coordinator', '--optimizer', 'adm'],
      `--optimizer must be one of ${OPTIMIZER_NAMES.join(', ')}, not "adm"; did you mean adam?`,
    ],
    [['worker'], "missing required argument 'url'"],
    [
      ['worker', 'ws://127.0.0.1:1', '--cache-mb', 'x'],
      '--cache-mb must be a whole number of at least 0, not "x"',
    ],
    [['workr'], "unknown command 'workr' (Did you mean worker?)"],
    [['status', 'ftp://nonsense'], "ftp://nonsense is not a coordinator's address: give ws://HOST:PORT"],
    [['export', 'x'], "required option '--to <PATH>' not specified"],
  ])('answers wrong usage %j in one line, with exit code 2', async (args, message) => {
    const { code, out, err } = await commandHere(...args);
    expect(err).toBe(`swarmgrad: ${message}\n`);
    expect(code).toBe(2);
    expect(out).toBe('');
  });

  it.each([
    [['coordinator', '--log-format=json', '--batch-size', '0'], '--batch-size must be'],
    [['coordinator', '--batch-sizes', '1', '--log-format', 'json'], "unknown option '--batch-sizes'"],
    [['worker', 'ftp://nonsense', '--log-format', 'json'], "ftp://nonsense is not a coordinator's address"],
    [['worker', 'x', '--log-format', 'json', '--quiet', '--log-level', 'info'], '--quiet and --log-level'],
  ])('answers wrong usage %j in JSON where the log is, on standard output', async (args, text) => {
    const { code, out, err } = await commandHere(...args);
    const entries = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const failed = { level: 'error', type: 'failed', exitCode: 2, text: expect.stringContaining(text) };
    expect(entries.at(-1)).toMatchObject(failed);
    expect({ code, err }).toEqual({ code: 2, err: '' });
  });

  it.each(['evaluate', 'export'])('%s names a folder that holds no run', async (command) => {
    const dir = join(root, 'none');
    const { code, err } = await commandHere(command, dir, ...(command === 'export' ? ['--to', root] : []));
    expect(err).toMatch(`swarmgrad: ${dir} holds no run`);
    expect(code).toBe(2);
  });

  it('shows help and version on standard output, help without a command on standard error', async () => {
    expect(await commandHere('--version')).toEqual({ code: 0, out: `${VERSION}\n`, err: '' });
    expect(await commandHere('coordinator', '--help')).toMatchObject({ code: 0, err: '' });
    expect(await commandHere()).toMatchObject({ code: 2, out: '' });
  });
});

describe('swarmgrad status', () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  async function serve(answers: (StatusView | undefined)[]): Promise<string> {
    server = createServer((request, response) => {
      const answer = request.url === '/api/status' ? answers.shift() : undefined;
      response.statusCode = answer ? 200 : 404;
      response.end(JSON.stringify(answer));
    });
    await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it('shows a table, or with --json what the coordinator said', async () => {
    const host = await serve([statusView(), statusView()]);
    const shown = await commandHere('status', `http://${host}`);
    expect(shown).toMatchObject({ code: 0, err: '' });
    expect(shown.out).toContain('step     312/1,404');
    const { out } = await commandHere('status', `ws://${host}/`, '--json');
    expect(JSON.parse(out)).toEqual(statusView());
  });

  it('with --watch ends with the run', async () => {
    const url = `http://${await serve([statusView({ state: 'finished', step: 1404 })])}`;
    const { code, out } = await commandHere('status', url, '--watch', '--json');
    expect(code).toBe(0);
    expect(out.trim().split('\n')).toHaveLength(1);
  });

  it('says in one line what it did not reach', async () => {
    const host = await serve([undefined]);
    expect(await commandHere('status', `http://${host}`)).toMatchObject({
      code: 1,
      err: `swarmgrad: http://${host} answered 404: is it a swarmgrad coordinator?\n`,
    });
    await new Promise((resolve) => server!.close(resolve));
    const { code, err } = await commandHere('status', `http://${host}`);
    expect(err).toMatch(/^swarmgrad: no coordinator answers at http:.*ECONNREFUSED.*\n$/);
    expect(code).toBe(1);
  });
});
