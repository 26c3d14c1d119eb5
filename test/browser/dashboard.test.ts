/** The dashboard in a real browser, on real runs. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { significant, steady } from '../../browser-worker/page/data/format.js';
import { closingText } from '../../cli/output/closing-text.js';
import { statusText } from '../../cli/output/status-text.js';
import type { Summary } from '../../coordinator/record/folder/summary.js';
import type { StatusView } from '../../shared/status/monitoring.js';
import { startWorker } from '../../worker/node/start.js';
import { metricsOf, temporaryFolder } from '../support/cluster/cluster.js';
import { type SmallRun, smallRun } from '../support/cluster/small-run.js';
import { draw, sharedBrowser, shows, watch, withoutChromium } from './page.js';

const browser = sharedBrowser();
const HOSTILE = '<img src=x onerror="document.title=1"><script>alert(1)</script>';

const lastOf = (run: SmallRun, type: string) => metricsOf(run.runDir).findLast((line) => line.type === type)!;

/** Page, `status --json`, terminal and summary.json of a run that is over tell what follows from metrics.jsonl. */
async function agrees(page: Page, run: SmallRun): Promise<void> {
  const lines = metricsOf(run.runDir) as Record<string, number | string>[];
  const steps = lines.filter(({ type }) => type === 'step') as Record<string, number>[];
  const tests = lines.filter(({ type }) => type === 'evaluation') as Record<string, number>[];
  const lastEpoch = steps.filter(({ epoch }) => epoch === steps.at(-1)!.epoch);
  const samples = (of: Record<string, number>[]) => of.reduce((sum, step) => sum + step.samples!, 0);
  const mean = (name: string) =>
    lastEpoch.reduce((sum, step) => sum + step[name]! * step.samples!, 0) / samples(lastEpoch);
  const status = (await (await fetch(`${run.url}/api/status`)).json()) as StatusView;
  const summary = JSON.parse(await readFile(join(run.runDir, 'summary.json'), 'utf8')) as Summary;
  // Of the epoch, not of its last batch.
  for (const train of [status, summary.train!]) {
    expect(train.loss).toBeCloseTo(mean('loss'), 9);
    expect(train.accuracy).toBeCloseTo(mean('accuracy'), 9);
  }
  const best = tests.reduce((best, test) => (test.accuracy! > best.accuracy! ? test : best));
  for (const { best: told } of [status, summary])
    expect(told).toMatchObject({ step: best.step, metric: 'accuracy', value: best.accuracy });
  expect(status.testAccuracy).toBe(tests.at(-1)!.accuracy);
  expect(summary.test!.accuracy).toBe(tests.at(-1)!.accuracy);
  expect(status.learningRate).toBe(steps.at(-1)!.learningRate);
  expect(summary.samplesTrained).toBe(samples(steps));
  expect(status.samplesPerSecond).toBeCloseTo(samples(steps) / summary.seconds, 6);
  const rows = status.workers.reduce((sum, worker) => sum + worker.samplesPerSecond, 0);
  expect(rows).toBeCloseTo(status.samplesPerSecond, 6);
  for (const name of ['seconds', 'health', 'reproducible', 'weightsSha256'] as const)
    expect(status[name], name).toEqual(summary[name]);

  const percentage = (share: number) => `${(100 * share).toFixed(2)} %`;
  const told = {
    loss: steady(mean('loss')),
    rate: steady(steps.at(-1)!.learningRate, 3),
    train: percentage(mean('accuracy')),
    test: percentage(tests.at(-1)!.accuracy!),
    best: `best ${percentage(best.accuracy!)} at step ${best.step}`,
    speed: `${Math.round(samples(steps) / summary.seconds).toLocaleString('en')}`,
    health: summary.health!.reason,
    bits: summary.reproducible.why,
  };
  await shows(page, 'loss', told.loss);
  const glance = page.getByRole('region', { name: 'At a glance' });
  for (const [name, text] of Object.entries(told)) {
    const place = name === 'bits' ? page.getByTestId('evidence') : glance;
    expect(await place.textContent(), name).toContain(text);
  }
  expect(await page.getByTestId('evidence').textContent()).toContain(summary.weightsSha256);
  await shows(page, 'bits', summary.reproducible.holds ? /^bit-exact$/ : 'not bit-exact');
  const terminal = statusText(status);
  for (const text of Object.values({ ...told, rate: '' })) expect(terminal).toContain(text);
  const closing = closingText(summary, run.runDir);
  for (const name of ['loss', 'train', 'test', 'best', 'bits'] as const)
    expect(closing, name).toContain(told[name]);
}

describe.skipIf(withoutChromium())('the dashboard', () => {
  it('follows a run without reload, and shows the numbers of metrics.jsonl', async () => {
    const run = await smallRun({ steps: 30, epochs: undefined, evaluateEvery: 10 });
    const { page } = await watch(await browser(), run.url);
    await shows(page, 'state', 'waiting for workers');
    await page
      .getByText(/0 of 1 are ready/)
      .first()
      .waitFor();
    await page.evaluate(() => document.body.setAttribute('data-mark', 'still here'));
    run.work('honest', 'eager/cpu');
    await shows(page, 'workers', '1');
    await run.finished;
    await shows(page, 'state', 'finished');
    await shows(page, 'step', '30');
    // Who took part stays there.
    await page.getByRole('row', { name: /^honest.*finished/ }).waitFor();
    await agrees(page, run);
    const step = lastOf(run, 'step');
    // The curve has all steps, and tells its ends in words too.
    const curve = page.getByRole('img', { name: /^Loss, from .* at step 1 to .* at step 30$/ });
    const [first, last] = ((await curve.getAttribute('aria-label')) ?? '')
      .match(/[\d.]+(?= at)/g)!
      .map(Number);
    const losses = metricsOf(run.runDir).filter(({ type }) => type === 'step');
    expect(first).toBeCloseTo(losses[0]!.loss as number, 1);
    expect(last).toBeCloseTo(step.loss as number, 2);
    // A step is pinned by its flag, its figures are those of the file, and the address says so.
    await page.keyboard.press('2');
    await page.getByRole('button', { name: '30', exact: true }).click();
    const pinned = page.getByRole('region', { name: 'Figures of step 30' });
    await pinned.getByRole('cell', { name: significant(step.loss as number), exact: true }).waitFor();
    expect(page.url()).toMatch(/\?step=30#\/charts$/);
    const saving = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save Loss as CSV' }).click();
    const table = await readFile(await (await saving).path(), 'utf8');
    expect(table.split('\r\n')).toHaveLength(1 + losses.length + 1);
    await page.keyboard.press('Escape');
    await pinned.waitFor({ state: 'detached' });
    // The palette leads to any view, and a view's own address back.
    await page.keyboard.press('Control+k');
    await page.keyboard.type('go model');
    await page.keyboard.press('Enter');
    const mistake = page.getByRole('button', { name: / taken for / }).first();
    await mistake.click();
    await page.getByRole('button', { name: 'Show all' }).waitFor();
    await page.getByRole('link', { name: 'Config' }).click();
    await page.getByText(/^npx swarmgrad coordinator --data .*digits/).waitFor();
    await page.goBack();
    await page
      .getByRole('region', { name: /^Confusion/ })
      .first()
      .waitFor();
    expect(await page.locator('body').getAttribute('data-mark')).toBe('still here');
  });

  it('tells how many shards each worker computes at a time', async () => {
    const run = await smallRun({ minWorkers: 2 });
    const { page } = await watch(await browser(), run.url);
    const worker = startWorker({ url: run.url, engine: 'compiled/wasm', lanes: 2, name: 'wide' });
    onTestFinished(() => worker.stop());
    await page.getByRole('row', { name: /^wide compiled\/wasm 2 (idle|syncing)/ }).waitFor();
  });

  it('tells that it is disconnected, and goes on by itself with whoever answers then', async () => {
    const run = await smallRun();
    const { page, complaints } = await watch(await browser(), run.url, { mayComplain: true });
    await shows(page, 'state', 'waiting for workers');
    await run.close();
    await page.getByTestId('disconnected').waitFor();
    // Nothing but requests may have failed: those under way, and attempts to connect.
    expect(complaints.filter((text) => !/net::ERR_(CONNECTION|INCOMPLETE|EMPTY)_/.test(text))).toEqual([]);
    const again = await smallRun({ port: Number(new URL(run.url).port) });
    await page.getByTestId('disconnected').waitFor({ state: 'detached' });
    again.work();
    await again.finished;
    await shows(page, 'state', 'finished');
    await shows(page, 'step', '4');
  });

  it('shows what comes from the network as text', async () => {
    const run = await smallRun();
    const { page } = await watch(await browser(), run.url);
    run.work(HOSTILE);
    await page
      .getByRole('rowheader', { name: HOSTILE })
      .or(page.getByText(`${HOSTILE} joined (node)`))
      .first()
      .waitFor();
    await run.finished;
    await shows(page, 'state', 'finished');
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.title()).not.toBe('1');
  });

  it('lets an admin pause, change the learning rate, resume, remove a worker and stop', async () => {
    const run = await smallRun({ steps: 1_000_000, epochs: undefined, schedule: 'constant' });
    const { page } = await watch(await browser(), run.url);
    run.workSlowly('first');
    await shows(page, 'state', 'training');
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    await shows(page, 'state', 'paused');
    const { step } = run.status();
    await page.getByRole('button', { name: 'Learning rate' }).click();
    await page.getByLabel('New learning rate').fill('0.0125');
    await page.getByRole('button', { name: 'Set' }).click();
    await page.getByText('learning rate 0.0125 from step').waitFor();
    expect(run.status().step).toBe(step);
    await page.getByRole('button', { name: 'Checkpoint now' }).click();
    await page.getByText(`checkpoint at step ${step}`, { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Resume', exact: true }).click();
    await shows(page, 'state', 'training');
    run.workSlowly('second');
    await page.getByRole('button', { name: 'Remove first' }).click();
    await page.getByText('first refused').waitFor();
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await page.getByRole('button', { name: 'Stop now' }).click();
    await shows(page, 'state', 'stopped');
    expect((await run.finished).status).toBe('stopped');
    expect(lastOf(run, 'step').learningRate).toBe(0.0125);
  });

  it('recognizes digits that are drawn on it, in the browser itself', async () => {
    const run = await smallRun({
      data: 'digits?train=3000&test=100',
      model: 'mlp:64',
      batchSize: 32,
      epochs: 4,
    });
    const worker = startWorker({ url: run.url, engine: 'compiled/cpu', name: 'fast' });
    onTestFinished(() => worker.stop());
    await run.finished;
    const { page } = await watch(await browser(), run.url);
    const circle = Array.from({ length: 21 }, (_, i): [number, number] => [
      0.5 + 0.21 * Math.sin((i / 20) * 2 * Math.PI),
      0.5 - 0.3 * Math.cos((i / 20) * 2 * Math.PI),
    ]);
    const drawn: [string, [number, number][][]][] = [
      ['0', [circle]],
      [
        '1',
        [
          [
            [0.5, 0.15],
            [0.5, 0.85],
          ],
        ],
      ],
      [
        '7',
        [
          [
            [0.28, 0.2],
            [0.72, 0.2],
            [0.45, 0.85],
          ],
        ],
      ],
    ];
    for (const [digit, strokes] of drawn) {
      await draw(page, strokes);
      await page.locator(`[data-testid=prediction][data-class="${digit}"]`).waitFor();
      await page.getByRole('button', { name: 'Clear' }).click();
      await page.locator('[data-testid=prediction]:not([data-class])').waitFor();
    }
  });

  it('zooms into a range of steps, smooths, and shows all again', async () => {
    const run = await smallRun({ steps: 60, epochs: undefined });
    run.work();
    await run.finished;
    const { page } = await watch(await browser(), run.url);
    const loss = page.getByRole('img', { name: /^Loss/ });
    await page.getByRole('img', { name: /^Loss.*at step 60$/ }).waitFor();
    const { x, y, width, height } = (await loss.boundingBox())!;
    await page.mouse.move(x + width / 2, y + height / 2);
    await page.mouse.down();
    await page.mouse.move(x + 0.75 * width, y + height / 2, { steps: 4 });
    await page.mouse.up();
    await page.getByText(/^steps \d+ to \d+$/).waitFor();
    await page.getByRole('img', { name: /^Loss, from .* at step (2|3)\d to .* at step (4|5)\d$/ }).waitFor();
    await page.getByRole('button', { name: 'All steps' }).click();
    await page.getByRole('img', { name: /^Loss, from .* at step 1 to .* at step 60$/ }).waitFor();
    await page.getByRole('slider', { name: 'Smoothing' }).fill('0.9');
    await page.getByText('90 %', { exact: true }).waitFor();
  });

  it('has no accessibility violation, and fits, at every width, light and dark', async () => {
    const run = await smallRun({ steps: 8, epochs: undefined });
    const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    const violations = async (page: Page) => {
      await page.evaluate(axe);
      const result = (await page.evaluate('axe.run()')) as {
        violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
      };
      return result.violations.map(({ id, nodes }) => [
        id,
        nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`),
      ]);
    };
    const looks = [
      { width: 1280, dark: false },
      { width: 1280, dark: true },
      { width: 390, dark: false },
      { width: 2560, dark: true },
    ];
    const pages = await Promise.all(
      looks.map(async (look) => ({ ...look, ...(await watch(await browser(), run.url, look)) })),
    );
    for (const { page, width, dark } of pages) {
      await page.getByRole('region', { name: 'Invite' }).waitFor();
      await page.getByRole('button', { name: 'Learning rate' }).click();
      expect(await violations(page), `${width} pixels, dark: ${dark}, waiting`).toEqual([]);
    }
    run.work(`a worker whose name is ${'very '.repeat(12)}long`, 'eager/cpu');
    await run.finished;
    const parts = ['/', '/charts', '/swarm', '/worker/0', '/model', '/config', '/log'];
    for (const [i, { page, width, dark }] of pages.entries()) {
      await shows(page, 'state', 'finished');
      await shows(page, 'loss', /\d/);
      // Each view fits everywhere; axe takes a second, and looks at each of them once.
      for (const [at, part] of parts.entries()) {
        await page.evaluate(`location.hash = '#${part}'`);
        if (part === '/model')
          await page
            .getByRole('img', { name: /^Test record/ })
            .first()
            .waitFor();
        if (part === '/config') await page.getByRole('region', { name: 'Table of options' }).waitFor();
        const what = `${part}, ${width} pixels, dark: ${dark}, finished`;
        if (at % pages.length === i || part === '/') expect(await violations(page), what).toEqual([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth), what).toBe(width);
      }
    }
  });

  it('can be used by keyboard alone', async () => {
    const run = await smallRun({ steps: 1_000_000, epochs: undefined });
    run.workSlowly();
    const { page } = await watch(await browser(), run.url);
    await shows(page, 'state', 'training');
    const reached: string[] = [];
    for (let i = 0; i < 40 && !reached.includes('Pause'); i++) {
      await page.keyboard.press('Tab');
      reached.push(await page.evaluate(() => document.activeElement?.textContent ?? ''));
    }
    await page.keyboard.press('Enter');
    await shows(page, 'state', 'paused');
  });
});

describe.skipIf(withoutChromium())('the join page', () => {
  it('opens without complaint', async () => {
    const run = await smallRun();
    const { page } = await watch(await browser(), `${run.url}/join`);
    await page.getByRole('main').waitFor();
  });
});

describe.skipIf(withoutChromium())('the dashboard of finished runs', () => {
  it('lays the curves of several runs over each other, and shows each of them', async () => {
    const folder = await temporaryFolder();
    const dirs = [join(folder, 'slow'), join(folder, 'fast')];
    for (const [i, runDir] of dirs.entries()) {
      const run = await smallRun({ runDir, lr: [0.0001, 0.01][i] });
      run.work('honest', 'eager/cpu');
      await run.finished;
    }
    const { swarmgrad } = await import('../support/cluster/cluster.js');
    const program = swarmgrad('dashboard', ...dirs, '--port', '0');
    const url = /http:\S+/.exec(await program.line(/dashboard on http/))![0];
    const { page } = await watch(await browser(), url);
    await page.getByRole('img', { name: /^Loss, slow: from .* fast: from .* at step 4$/ }).waitFor();
    await shows(page, 'state', 'finished');
    await page.keyboard.press('4');
    for (const [i, runDir] of dirs.entries()) {
      await page.getByRole('combobox', { name: 'Run' }).selectOption(String(i));
      await page
        .getByRole('img', { name: /^Test record/ })
        .first()
        .waitFor();
      const test = metricsOf(runDir).findLast(({ type }) => type === 'evaluation')!;
      await page.getByText(new RegExp(`of 20 wrong after step ${test.step}$`)).waitFor();
    }
    await page.keyboard.press('5');
    await page.getByRole('row', { name: /^--lr 0.0001 0.01/ }).waitFor();
    await page.keyboard.press('1');
    await page.getByRole('row', { name: /^honest.*finished/ }).waitFor();
    expect(await page.getByRole('button', { name: 'Pause' }).count()).toBe(0);
    program.child.kill('SIGTERM');
    expect(await program.ended).toBe(0);
  });
});
