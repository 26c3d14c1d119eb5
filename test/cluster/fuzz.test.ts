/**
 * Hostile input against a live coordinator: the run goes on, its memory stays bounded, and it ends with the bits of a
 * run that nobody disturbed. `npm run fuzz` sends many more; a failure prints its seed.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tokenFile } from '../../coordinator/server/access/token-file.js';
import { TokenStore } from '../../coordinator/server/access/token-store.js';
import { Random } from '../../shared/numerics/random.js';
import { besiege, probed } from '../simulation/fuzz/live.js';
import { coordinator, summaryOf, temporaryFolder, worker } from '../support/cluster/cluster.js';
import { freshSeed } from '../support/seeds.js';

/** A twentieth of all, and less on a change: a connection over a socket costs as much as a hundred messages. */
const FRAMES = Number(process.env.FUZZ_FRAMES ?? 60_000) / 20;
const SEED = freshSeed('FUZZ_SEED');
const WORKERS = 2;
const COLUMNS = 6;
const CLASSES = 3;
/** The first measurement of memory is made when caches, lists and the bans of strangers have filled. */
const MEASUREMENTS = 10;
const MAX_GROWTH_BYTES = 24 << 20;
const MAX_RSS_BYTES = 1 << 30;

const RUN = [
  '--model',
  'linear',
  '--optimizer',
  'adam',
  '--schedule',
  'constant',
  '--batch-size',
  '32',
  '--shards',
  '8',
];
const OPERATION = ['--evaluate-every', '20', '--checkpoint-every', '50', '--dead-after', '2'];

/** A table of random numbers: its model has 21 weights, so that a frame is a few bytes. */
async function table(folder: string): Promise<string> {
  const random = new Random(7);
  const row = () => [
    ...Array.from({ length: COLUMNS }, () => random.float().toFixed(4)),
    random.below(CLASSES),
  ];
  const header = [...Array.from({ length: COLUMNS }, (_, at) => `x${at}`), 'y'];
  const path = join(folder, 'table.csv');
  await writeFile(path, [header, ...Array.from({ length: 160 }, row)].join('\n'));
  return `csv:${path}?label=y&test=0.2`;
}

describe('a run under hostile input', { timeout: 300_000 + FRAMES * 10 }, () => {
  it(`survives ${FRAMES} frames, and has the bits of an undisturbed run`, async () => {
    const folder = await temporaryFolder();
    const data = ['--data', await table(folder)];
    const tokens = tokenFile(folder);
    const store = new TokenStore({ path: tokens, now: () => Date.now(), warn: () => undefined });
    const token = {
      monitor: store.create('monitor'),
      volunteer: store.create('volunteer'),
      worker: store.create('worker'),
    };
    await store.save();
    const who = ['--auth', 'tokens', '--tokens', tokens, '--audit-rate', '1'];
    const wildDir = join(folder, 'wild');
    const cluster = await probed(
      wildDir,
      token.monitor,
      ...data,
      ...RUN,
      ...OPERATION,
      ...who,
      '--steps',
      '100000000',
    );
    // Of the class in which the coordinator audits: whoever computes a node, its bits are the same.
    const honest = (url: string, ...options: string[]) =>
      worker(url, '--engine', 'compiled/wasm', ...options);
    for (let at = 0; at < WORKERS; at++)
      honest(cluster.url, '--name', `honest ${at}`, '--token', token.worker);

    const began = performance.now();
    const { delivered, connections, closes, memory } = await besiege(cluster, {
      frames: FRAMES,
      seed: SEED,
      tokens: token,
      elements: (COLUMNS + 1) * CLASSES,
      chunks: 1,
      measurements: MEASUREMENTS,
    }).catch((error) => {
      throw new Error(`FUZZ_SEED=${SEED}: ${error.message}`, { cause: error });
    });
    const seconds = (performance.now() - began) / 1000;
    cluster.program.child.kill('SIGTERM');
    expect(await cluster.program.ended, cluster.program.stderr).toBe(143);
    const wild = await summaryOf(wildDir);
    const growth = memory.at(-1)!.used - memory[0]!.used;
    console.log(
      `FUZZ_SEED=${SEED}: ${delivered} frames read over ${connections} connections in ${seconds.toFixed(0)} s, while ${wild.steps} steps were made; ` +
        `memory in use grew by ${(growth / 2 ** 20).toFixed(1)} MiB to ${(memory.at(-1)!.used / 2 ** 20).toFixed(1)} MiB, ${(memory.at(-1)!.rss / 2 ** 20).toFixed(0)} MiB resident; ` +
        `closed for ${closes}`,
    );

    const calmDir = join(folder, 'calm');
    const calm = await coordinator(calmDir, ...data, ...RUN, ...OPERATION, '--steps', String(wild.steps));
    honest(calm.url);
    expect(await calm.program.ended).toBe(0);
    const quiet = await summaryOf(calmDir);
    const seed = `FUZZ_SEED=${SEED}`;
    expect(wild.status, seed).toBe('stopped');
    expect(wild.weightsSha256, seed).toBe(quiet.weightsSha256);
    expect(wild.shards.counted, seed).toBe(wild.shards.expected);
    expect(wild.samplesTrained, seed).toBe(quiet.samplesTrained);
    // Of a short siege the noise is as large; in memory, simulated.test.ts holds each of them to the same bound.
    if (process.env.FUZZ_FRAMES) {
      expect(growth, seed).toBeLessThan(MAX_GROWTH_BYTES);
      for (const { rss } of memory) expect(rss, seed).toBeLessThan(MAX_RSS_BYTES);
    }
    // Hostile messages reached their aim.
    const expected = ['malformed', 'unexpected', 'a broken WebSocket frame'];
    expect([...closes.byName.keys()], seed).toEqual(expect.arrayContaining(expected));
  });
});
