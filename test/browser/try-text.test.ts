/** A visitor has the model of a run on text go on with a beginning, in a real browser. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/cluster/cluster.js';
import { printedHere } from '../support/cluster/here.js';
import { type SmallRun, shared, smallRun } from '../support/cluster/small-run.js';
import { sharedBrowser, shows, watch, withoutChromium } from './page.js';

const browser = sharedBrowser();
let run: SmallRun;

/** A run that has learned a little: enough that all letters are not alike. */
beforeAll(() =>
  shared(async (onEnd) => {
    const file = join(await temporaryFolder(onEnd), 'text.txt');
    writeFileSync(file, 'the quick brown fox jumps over the lazy dog.\n'.repeat(20));
    const learning = {
      ...{ data: `text:${file}?length=16&stride=7`, model: 'gpt:1,32,2' },
      ...{ batchSize: 32, lr: 0.01, epochs: 5 },
    };
    run = await smallRun(learning, onEnd);
    run.work('writer', 'compiled/cpu');
    await run.finished;
  }),
);

async function visit(): Promise<Page> {
  const { page } = await watch(await browser(), run.url);
  await shows(page, 'state', 'finished');
  return page;
}

const generated = async (...options: string[]) =>
  (await printedHere('generate', run.runDir, ...options)).replace(/\n$/, '');

async function give(
  page: Page,
  { prompt, letters, seed }: { prompt: string; letters: number; seed: number },
) {
  await page.getByLabel('Beginning of the text').fill(prompt);
  await page.getByLabel('Letters').fill(String(letters));
  await page.getByLabel('Seed').fill(String(seed));
}

/** The text once it has so many letters after the prompt. */
async function writtenText(page: Page, letters: number): Promise<string> {
  const written = page.locator(`[data-testid=written][data-letters="${letters}"]`);
  await written.waitFor();
  return (await written.textContent())!;
}

describe.skipIf(withoutChromium())('a visitor of a run on text', () => {
  it('is written the same text as by swarmgrad generate, for each seed and temperature', async () => {
    const page = await visit();
    for (const [seed, temperature] of [
      [1, 0.8],
      [7, 1.6],
    ] as const) {
      // More letters than the model sees at once.
      await give(page, { prompt: 'the lazy ', letters: 50, seed });
      await page.getByRole('slider', { name: 'Temperature' }).fill(String(temperature));
      await page.getByRole('button', { name: 'Write', exact: true }).click();
      await page.getByRole('button', { name: 'Write', exact: true }).waitFor();
      const options = ['--length', '50', '--seed', String(seed), '--temperature', String(temperature)];
      expect(await writtenText(page, 50)).toBe(await generated('--prompt', 'the lazy ', ...options));
    }
  });

  it('sees letters come, stops them, and is told what the model cannot read', async () => {
    const page = await visit();
    await give(page, { prompt: 'fox', letters: 10_000, seed: 1 });
    await page.getByRole('button', { name: 'Write', exact: true }).click();
    await page.locator('[data-testid=written]:not([data-letters="0"])').waitFor();
    await page.getByRole('button', { name: 'Stop writing' }).click();
    await page.getByRole('button', { name: 'Write', exact: true }).waitFor();
    const written = page.getByTestId('written');
    const stopped = (await written.textContent())!;
    expect(stopped.length).toBeLessThan(10_000);
    // Another text begins afresh, with nothing of the one that was stopped.
    await give(page, { prompt: 'fox', letters: 3, seed: 1 });
    await page.getByRole('button', { name: 'Write', exact: true }).click();
    expect(await writtenText(page, 3)).toBe(stopped.slice(0, 6));
    await give(page, { prompt: 'Ä', letters: 3, seed: 1 });
    await page.getByRole('button', { name: 'Write', exact: true }).click();
    await page.getByText('the prompt has "Ä", which is not in the model\'s text').waitFor();
  });
});
