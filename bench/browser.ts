/**
 * How fast is one tab, by engine? Against TF.js's own training step in the same Chromium, and against the
 * engine's bare loop, which tells what the framework costs; and of that, what the bytes of a step cost alone, over
 * a WebSocket that does nothing else. WebGL and WebGPU are drawn by the processor here: their figures say nothing
 * about real GPUs.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { build } from 'vite';
import { WebSocketServer } from 'ws';
import type { GivenCoordinatorOptions } from '../coordinator/options/options.js';
import { prepare, shardSamplesOf } from '../coordinator/prepare/prepare.js';
import { secure } from '../coordinator/server/http/headers.js';
import { openStaticFiles, serveStatic } from '../coordinator/server/http/static.js';
import { configure } from '../coordinator/setup/configure.js';
import { computeSubject } from '../coordinator/trust/auditor-engine.js';
import { shardBounds } from '../shared/numerics/tree.js';
import { CHROMIUM, CHROMIUM_FLAGS } from '../test/support/browser/chromium-flags.js';
import { runOfTab } from './engines/tab-run.js';
import { ECHO_PATH, type Loop, type LoopAnswer } from './support/loop.js';
import type { Bench, BenchResult } from './support/question.js';
import { median } from './support/statistics.js';

const MODELS = ['mlp', 'cnn'];
const BATCH = 64;
const PLAIN = ['plain/wasm', 'plain/webgl'];
const EXCHANGE = 'exchange';
const ENGINES = ['compiled/wasm', 'eager/wasm', 'eager/webgl', 'eager/webgpu'];
/** Steps to measure, and before: by the processor, GPUs take seconds for a step of a convolutional network. */
const stepsOf = (engine: string, quick: boolean) =>
  engine.includes('web') ? { warmUp: 2, steps: quick ? 2 : 6 } : { warmUp: 10, steps: quick ? 20 : 60 };

export const browser: Bench = {
  question: `samples/s of one tab by engine, batch ${BATCH}, against TF.js's own step in the same Chromium (goals: compiled/wasm 5 times eager/wasm, at most 10 % above the bare loop)`,
  async run({ quick, log }) {
    if (!existsSync(CHROMIUM)) {
      log(`skipped: there is no Chromium at ${CHROMIUM} (or CHROMIUM=PATH)`);
      return [];
    }
    const chrome = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_FLAGS });
    const loops = await serveLoops(chrome);
    try {
      const results: BenchResult[] = [];
      for (const model of MODELS) results.push(...(await benchModel(model, { quick, log, chrome, loops })));
      return results;
    } finally {
      await chrome.close();
      await loops.close();
    }
  },
};

interface Tools {
  quick: boolean;
  log: (line: string) => void;
  chrome: Browser;
  loops: Awaited<ReturnType<typeof serveLoops>>;
}

async function benchModel(model: string, { quick, log, chrome, loops }: Tools): Promise<BenchResult[]> {
  const options: GivenCoordinatorOptions = { model, batchSize: BATCH };
  const configuration = configure(options);
  const prepared = await prepare(configuration, configuration.model);
  const subject = computeSubject(prepared, shardSamplesOf(configuration));
  const bounds = shardBounds(BATCH, configuration.shards as number);
  const shards = bounds.slice(1).map((end, i) => end - bounds[i]!);
  const bare = new Map<string, number[]>();
  const run = new Map<string, number[]>();
  const note = (times: Map<string, number[]>, engine: string, ms: number) =>
    times.set(engine, [...(times.get(engine) ?? []), ms]);
  // In turns: a change in the machine's speed meets all.
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    for (const engine of [...PLAIN, EXCHANGE, ...ENGINES]) {
      const steps = stepsOf(engine, quick);
      const answer = await loops.run({ engine, subject, shards, ...steps });
      if ('refused' in answer) {
        if (round === 0) log(`  ${model}: ${engine} cannot: ${answer.refused}`);
        continue;
      }
      note(bare, engine, answer.ms);
      log(`  ${model}: ${engine} ${answer.ms.toFixed(2)} ms a step`);
      if (!ENGINES.includes(engine)) continue;
      note(run, engine, (await runOfTab(chrome, { options, engine, ...steps })).stepMs);
      log(`  ${model}: a run by ${engine} ${run.get(engine)!.at(-1)!.toFixed(2)} ms a step`);
    }
  }
  const exchangeMs = median(bare.get(EXCHANGE)!);
  return ENGINES.filter((engine) => run.has(engine)).map((engine) => {
    const [bareMs, runMs] = [median(bare.get(engine)!), median(run.get(engine)!)];
    const against = (name: string, key: string, ownMs: number) => {
      const other = bare.get(name);
      return other ? { [key]: median(other) / ownMs } : {};
    };
    return {
      name: `${model}, ${engine}`,
      samplesPerSecond: (BATCH * 1000) / runMs,
      // A whole run against TF.js's own step, and an engine against an engine.
      ...against('plain/wasm', 'timesPlainWasm', runMs),
      ...against('plain/webgl', 'timesPlainWebgl', runMs),
      ...against('eager/wasm', 'timesEagerWasm', bareMs),
      bareMs,
      runMs,
      exchangeMs,
      overheadPercent: 100 * (runMs / bareMs - 1),
      overheadBesideExchangePercent: 100 * (runMs / (bareMs + exchangeMs) - 1),
    };
  });
}

/** A page with the loops, served as our own pages are. */
async function serveLoops(chrome: Browser) {
  const folder = await mkdtemp(join(tmpdir(), 'swarmgrad-bench-'));
  const entry = fileURLToPath(new URL('./support/browser-loops.ts', import.meta.url));
  await build({
    configFile: false,
    logLevel: 'warn',
    build: {
      outDir: folder,
      emptyOutDir: true,
      assetsInlineLimit: 0,
      target: 'es2022',
      modulePreload: false,
      chunkSizeWarningLimit: 20_000,
      rolldownOptions: { input: entry, output: { entryFileNames: 'loops.js' } },
    },
  });
  const files = openStaticFiles(folder);
  const server = createServer((request, response) => {
    secure(response, false);
    if (!serveStatic(request, response, files)) response.end('<!doctype html><title>loops</title>');
  });
  const sockets = new WebSocketServer({ server, path: ECHO_PATH, perMessageDeflate: false });
  // As a coordinator answers: chunk by chunk.
  sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const page: Page = await chrome.newPage();
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  return {
    run: (loop: Loop): Promise<LoopAnswer> => page.evaluate(IN_WORKER, loop as never),
    async close() {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** In the page: a worker for each loop, so that none inherits what another left. */
const IN_WORKER = new Function(
  'loop',
  `return new Promise((resolve) => {
    const worker = new Worker('/loops.js', { type: 'module' });
    const end = (answer) => { worker.terminate(); resolve(answer); };
    worker.onmessage = ({ data }) => end(data);
    worker.onerror = ({ message }) => end({ refused: message || 'the worker could not be started' });
    worker.postMessage(loop);
  })`,
) as (loop: never) => Promise<LoopAnswer>;
