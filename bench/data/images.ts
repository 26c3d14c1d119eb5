/** How fast are pictures in folders read, against Pillow with as many threads? */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openData } from '../../coordinator/prepare/data/sources/sources.js';
import type { Bench, BenchResult } from '../support/question.js';
import { median } from '../support/statistics.js';

const SCRIPT = fileURLToPath(new URL('./images.py', import.meta.url));
const SIDE = 64;

export const images: Bench = {
  question: `how fast are JPEG pictures of 640x480 read as ${SIDE}x${SIDE}, against Pillow in as many threads? (goal: half its speed)`,
  async run({ quick, python, log }) {
    if (!python) {
      log('  left out: needs --python PATH, a Python with Pillow and numpy');
      return [];
    }
    const run = promisify(execFile);
    const [count, rounds] = quick ? [500, 1] : [2000, 3];
    const threads = availableParallelism();
    const folder = await mkdtemp(join(tmpdir(), 'swarmgrad-bench-images-'));
    try {
      log(`  writing ${count} pictures`);
      await run(python, [SCRIPT, 'write', folder, `${count}`]);
      const [first] = await readdir(join(folder, 'class0'));
      const { size } = await stat(join(folder, 'class0', first!));
      const [ours, whole, draft]: number[][] = [[], [], []];
      for (let round = 0; round < rounds; round++) {
        const began = performance.now();
        await openData(`images:${folder}?size=${SIDE}x${SIDE}`);
        ours!.push((performance.now() - began) / 1000);
        const { stdout } = await run(python, [SCRIPT, 'read', folder, `${SIDE}`, `${threads}`]);
        const pillow = JSON.parse(stdout) as { whole: number; draft: number };
        whole!.push(pillow.whole);
        draft!.push(pillow.draft);
        log(
          `  ${ours!.at(-1)!.toFixed(2)} s; Pillow ${pillow.whole.toFixed(2)} s, with draft ${pillow.draft.toFixed(2)} s`,
        );
      }
      const perSecond = (seconds: number[]) => count / median(seconds);
      const result: BenchResult = {
        name: `${count} pictures of ${Math.round(size / 1000)} kB, ${threads} threads`,
        perSecond: perSecond(ours!),
        pillowPerSecond: perSecond(whole!),
        pillowDraftPerSecond: perSecond(draft!),
        timesPillow: perSecond(ours!) / perSecond(whole!),
        timesPillowDraft: perSecond(ours!) / perSecond(draft!),
      };
      return [result];
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};
