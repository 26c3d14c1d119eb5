/** Tokens as people use them: the command line, real processes, a run from its first start to its end. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { coordinator, summaryOf, temporaryFolder, worker } from '../support/cluster/cluster.js';
import { commandHere } from '../support/cluster/here.js';
import { RawWorker } from '../support/cluster/raw-worker.js';

const RUN = ['--data', 'digits?train=64&test=20', '--model', 'linear', '--batch-size', '32', '--epochs', '2'];
const TOKEN = /sg_[\w-]{43}/;

describe('a run with tokens', () => {
  it('makes its first ones, tells them once, trains with its own workers, and keeps only hashes', async () => {
    const dir = join(await temporaryFolder(), 'run');
    const cluster = await coordinator(dir, ...RUN, '--auth', 'tokens', '--local-workers', '1');
    const { program } = cluster;
    expect(await program.ended).toBe(0);
    const [link, command] = [/\S+#token=sg_\S+/, /SWARMGRAD_TOKEN=sg_\S+ npx swarmgrad worker ws:\S+/].map(
      (pattern) => pattern.exec(program.stderr)![0],
    );
    expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#token=/);
    const file = await readFile(join(dir, 'tokens.json'), 'utf8');
    for (const told of [link!, command!]) expect(file).not.toContain(TOKEN.exec(told)![0]);
    expect((await summaryOf(dir)).status).toBe('finished');
    const listed = await commandHere('token', 'list', '--run-dir', dir);
    expect(listed.out).toMatch(/admin[\s\S]*worker/);
    expect(listed.out).not.toMatch(TOKEN);
  });

  it('is joined, watched and left by what `swarmgrad token` makes and revokes', async () => {
    const dir = join(await temporaryFolder(), 'run');
    // Tokens may be made before their run.
    const made = await commandHere('token', 'create', '--role', 'worker', '--name', 'anna', '--run-dir', dir);
    expect(made.out).toMatch(TOKEN);
    const cluster = await coordinator(dir, ...RUN, '--auth', 'tokens', '--min-workers', '2');
    expect(cluster.program.stderr).not.toMatch(TOKEN);
    const { url } = cluster;

    const stranger = worker(url, '--engine', 'compiled/cpu');
    expect(await stranger.ended).toBe(1);
    expect(stranger.stderr).toMatch(/refused this worker: this run asks for a token/);

    const guest = await commandHere(
      'token',
      'create',
      '--role',
      'volunteer',
      '--expires',
      '7d',
      '--run-dir',
      dir,
    );
    const seer = await commandHere(
      'token',
      'create',
      '--role',
      'monitor',
      '--run-dir',
      dir,
      '--url',
      'https://t.example',
    );
    expect(seer.err).toMatch(/link: https:\/\/t\.example(:443)?\/#token=sg_/);
    const refused = await commandHere('status', url);
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('asks for a token')]);
    const status = async () => {
      const { out } = await commandHere('status', url, '--json', '--token', seer.out.trim());
      return JSON.parse(out) as { workers: { name: string; role: string }[] };
    };
    // The coordinator reads the file again within a second.
    const volunteer = await admitted(url, guest.out.trim());
    expect((await status()).workers).toMatchObject([{ role: 'volunteer' }]);

    expect((await commandHere('token', 'revoke', 'volunteer', '--run-dir', dir)).out).toMatch(
      /^revoked [0-9a-f]{8}/,
    );
    expect((await volunteer.closed).reason).toContain('revoked');
    expect((await commandHere('token', 'revoke', 'volunteer', '--run-dir', dir)).code).toBe(1);

    const anna = made.out.trim();
    const workers = [1, 2].map(() => worker(url, '--engine', 'compiled/cpu', '--token', anna));
    expect(await cluster.program.ended).toBe(0);
    expect(await Promise.all(workers.map(({ ended }) => ended))).toEqual([0, 0]);
  });

  it('is refused where a flag would let in anyone by accident', async () => {
    const dir = join(await temporaryFolder(), 'run');
    const { code, err } = await commandHere(
      'coordinator',
      '--run-dir',
      dir,
      '--host',
      '0.0.0.0',
      '--auth',
      'none',
    );
    expect([code, err]).toEqual([2, expect.stringMatching(/^swarmgrad: --auth none .* --anyone-may-join/)]);
    expect((await commandHere('token', 'create', '--run-dir', dir)).err).toMatch(
      /--role must be given: admin/,
    );
  });
});

/** A worker that joins as soon as its token holds. */
async function admitted(url: string, token: string): Promise<RawWorker> {
  for (;;) {
    const volunteer = await RawWorker.connect(url);
    volunteer.join({ token });
    const welcomed = await volunteer.next('welcome').catch(() => undefined);
    if (welcomed) return volunteer;
  }
}
