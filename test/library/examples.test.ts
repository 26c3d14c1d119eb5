/** Each example does what its README says: the commands there are run as they stand, in a copy of its folder. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sharedBrowser, Tab, withoutChromium } from '../support/browser/chromium.js';
import { temporaryFolder } from '../support/cluster/cluster.js';
import { smallRun } from '../support/cluster/small-run.js';
import { tokenRun } from '../support/cluster/token-run.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const EXAMPLES = join(ROOT, 'examples');
const BIN = join(ROOT, 'dist/cli/swarmgrad.js');

/** What `npm install` would bring. */
const PACKAGES = ['@tensorflow', 'fflate', 'onnxruntime-node', 'sharp'];

/** A copy of the example, with the packages beside it. */
async function copyOf(name: string): Promise<string> {
  const folder = join(await temporaryFolder(), name);
  cpSync(join(EXAMPLES, name), folder, { recursive: true });
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(ROOT, join(folder, 'node_modules/swarmgrad'), 'junction');
  for (const each of PACKAGES)
    symlinkSync(join(ROOT, 'node_modules', each), join(folder, 'node_modules', each), 'junction');
  return folder;
}

/** The lines of the README's first block of commands. */
function commandsOf(folder: string): string[] {
  const [, block] = /```sh\n([\s\S]*?)```/.exec(readFileSync(join(folder, 'README.md'), 'utf8'))!;
  return block!.trim().split('\n');
}

/** Runs them one after the other. @returns what the last one printed */
async function follow(folder: string): Promise<string> {
  let stdout = '';
  for (const command of commandsOf(folder)) {
    // npx would look for the very same file.
    const line = command.replace(/^npx swarmgrad\b/, `"${process.execPath}" "${BIN}"`);
    const child = spawn(line, { cwd: folder, shell: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let stderr = '';
    stdout = '';
    child.stdout.on('data', (text) => (stdout += text));
    child.stderr.on('data', (text) => (stderr += text));
    const [code] = await once(child, 'close');
    expect(code, `${command}\n${stderr}`).toBe(0);
  }
  return stdout;
}

const accuracyIn = (evaluation: string) => Number(/accuracy +([\d.]+) %/.exec(evaluation)?.[1]);

describe('an example', () => {
  it('has a row in the table of examples', () => {
    const table = readFileSync(join(EXAMPLES, 'README.md'), 'utf8');
    const folders = readdirSync(EXAMPLES, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    for (const { name } of folders) expect(table).toContain(`[${name}](${name})`);
  });

  it('trains on a table, predicts and evaluates', async () => {
    const evaluation = await follow(await copyOf('table'));
    // Rents are from 400 to 2000, and their noise is 10 on average.
    expect(Number(/mean absolute error +([\d.]+)/.exec(evaluation)?.[1])).toBeLessThan(150);
  });

  it("trains on numpy's arrays, and ONNX Runtime reads what comes out", async () => {
    const answers = (await follow(await copyOf('numpy'))).trim().split('\n');
    expect(answers.map((line) => line.at(-1))).toEqual(['0', '1', '0', '1']);
  });

  it('trains a model further, on other classes', async () => {
    expect(accuracyIn(await follow(await copyOf('transfer')))).toBeGreaterThan(60);
  });

  it('trains with a loss of its own, with the same weights from the command and from a program', async () => {
    const folder = await copyOf('loss');
    const told = await follow(folder);
    expect(Math.abs(Number(/^(\d+) %/.exec(told)?.[1]) - 90)).toBeLessThan(6);
    const { weightsSha256 } = JSON.parse(readFileSync(join(folder, 'run/summary.json'), 'utf8'));
    expect(told).toContain(`weights ${weightsSha256}\n`);
  });

  it('trains a program whose graph is the tree of the record', async () => {
    expect(accuracyIn(await follow(await copyOf('tree-rnn')))).toBeGreaterThan(90);
  });
});

/** The example's own server. @returns its address */
async function served(folder: string): Promise<string> {
  const server = spawn(process.execPath, ['serve.mjs', '0'], { cwd: folder });
  onTestFinished(() => void server.kill());
  const [address] = await once(server.stdout.setEncoding('utf8'), 'data');
  return address.trim();
}

describe.skipIf(withoutChromium())('an example with a page', () => {
  const browser = sharedBrowser();

  it('contributes from pages of other origins, one of them bundled, to the bits of a worker in Node', async () => {
    const folder = await copyOf('embed');
    await build({ root: join(folder, 'bundled'), base: './', logLevel: 'error', build: { minify: false } });
    const [origin, other] = [await served(folder), await served(folder)];
    const trained = { data: 'digits?train=64&test=20', model: 'cnn', seed: 7, engineClass: 'compiled/wasm' };
    const [run, alone] = await Promise.all([
      tokenRun({ ...trained, allowOrigin: `${origin},${other}`, auditRate: 0, minWorkers: 2 }),
      smallRun(trained),
    ]);
    const stranger = await Tab.open(await browser(), `${origin}?coordinator=${alone.url}`);
    await stranger.click('Help');
    await stranger.page.locator('output').filter({ hasText: 'The coordinator does not answer' }).waitFor();
    await stranger.click('Stop');

    const query = new URLSearchParams({ coordinator: run.url, token: run.tokens.volunteer });
    const tab = await Tab.open(await browser(), `${origin}?${query}`);
    await tab.click('Help');
    const bundled = await Tab.open(await browser(), `${other}/bundled/dist/index.html?${query}`);
    await bundled.click('Help us train');
    const { weightsSha256, workers } = await run.finished;
    const inTab = { kind: 'browser', engine: 'compiled/wasm' };
    expect(workers).toMatchObject([inTab, inTab]);
    for (const { page, complaints } of [tab, bundled]) {
      await page.locator('output').filter({ hasText: 'Thank you.' }).waitFor();
      expect(complaints).toEqual([]);
    }
    alone.work('node', 'compiled/wasm');
    expect(weightsSha256).toBe((await alone.finished).weightsSha256);
  });

  it('classifies a picture by the model that pictures in folders have trained', async () => {
    const folder = await copyOf('pictures');
    await follow(folder);
    const { page } = await Tab.open(await browser(), await served(folder));
    const says = page.locator('output');
    await says.filter({ hasText: 'Choose a picture.' }).waitFor();
    for (const name of ['circle', 'cross', 'circle']) {
      await page.locator('input').setInputFiles(join(folder, 'pictures', name, '7.png'));
      await says.filter({ hasText: '%' }).waitFor();
      expect(await says.textContent()).toMatch(new RegExp(`^${name} \\(\\d+ %\\)$`));
    }
  });
});
