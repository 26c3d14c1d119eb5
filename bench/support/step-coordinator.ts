/** The coordinator process of the step-time bench: TRANSPORT PARAMETERS WORKERS STEPS. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { OPEN_GATE } from '../../coordinator/access/gate.js';
import { Control } from '../../coordinator/control.js';
import { createCore } from '../../coordinator/core.js';
import { ObjectStore } from '../../coordinator/data/store.js';
import { Progress } from '../../coordinator/progress.js';
import { run } from '../../coordinator/run.js';
import { listen } from '../../coordinator/server/listen.js';
import { createKernels } from '../../coordinator/update/kernels/create.js';
import { createOptimizer } from '../../coordinator/update/optimizers/optimizers.js';
import { monotonicClock } from '../../shared/clock.js';
import { BATCH, layoutFor, SHARDS } from './step-model.js';

export interface CoordinatorReport {
  stepMs: number;
  /** Most memory that the process has had: resident, megabytes. */
  peakMb: number;
}

const [transport, ...numbers] = process.argv.slice(2);
const [parameters, workers, steps] = numbers.map(Number) as [number, number, number];
const layout = layoutFor(parameters);
const optimizer = createOptimizer({ name: 'sgd', momentum: 0.9 });
const WARM_UP = 3;

const stepMs = transport === 'chunks' ? await chunked() : await whole();
process.send!({ report: { stepMs, peakMb: peakMb() } satisfies CoordinatorReport });

/** The product's own pipeline, swarm and server. */
async function chunked(): Promise<number> {
  const none = '0'.repeat(64);
  const core = createCore({
    layout,
    weights: new Float32Array(layout.total),
    rule: { optimizer, clipNorm: 0, clipValue: 0, averageDecay: 0 },
    shards: SHARDS,
    engineClass: 'any',
    deadAfterMs: 60_000,
    run: 'bench',
    objects: { model: none, train: none, test: none, probe: none, program: none },
    shardSamples: BATCH / SHARDS,
    seed: 1,
    shuffle: 'none',
    clock: monotonicClock,
    tell: () => undefined,
  });
  const dashboard = { server: 'bench', runs: [], live: false, tokens: false, join: () => '' };
  const served = { gate: OPEN_GATE, objects: new ObjectStore(), pages: new Map(), dashboard };
  const server = await listen('127.0.0.1', 0, core.swarm, served);
  process.send!({ url: server.url });
  const all = WARM_UP + steps;
  let [began, ended] = [0, 0];
  const record = {
    step: ({ step }: { step: number }) => {
      if (step === WARM_UP) began = performance.now();
      if (step === all) ended = performance.now();
    },
    evaluation: () => undefined,
    contribution: () => undefined,
    change: () => undefined,
    checkpoint: () => undefined,
    settled: async () => undefined,
  };
  const options = {
    steps: all,
    epochPlan: { records: BATCH * all, batchSize: BATCH },
    shards: SHARDS,
    evaluateEvery: all,
    checkpointEvery: 0,
    minWorkers: workers,
    layout,
    test: { parts: [{ from: 0, to: 1 }], confusionClasses: 0 },
  };
  const control = new Control({ schedule: (peak) => () => peak, peak: 0.01, changes: [] });
  const parts = { ...core, progress: new Progress(0, true), record, control, clock: monotonicClock };
  const never = new AbortController().signal;
  await run(options, parts, { drain: never, abort: never });
  return (ended - began) / steps;
}

/** One message per gradient, one per weights: sums and updates by the same kernels. */
async function whole(): Promise<number> {
  const kernels = createKernels({ capacityFloats: (workers + 5) * (layout.total + 16) });
  let [weights, next] = [kernels.allocate(layout.total), kernels.allocate(layout.total)];
  const momentum = kernels.allocate(layout.total);
  const gradients = Array.from({ length: workers }, () => kernels.allocate(layout.total));
  const server = new WebSocketServer({
    host: '127.0.0.1',
    port: 0,
    perMessageDeflate: false,
    maxPayload: 2 ** 30,
  });
  const sockets: WebSocket[] = [];
  await once(server, 'listening');
  let arrived = 0;
  let done!: () => void;
  server.on('connection', (socket) => {
    const rank = sockets.push(socket) - 1;
    if (sockets.length === workers) done();
    socket.on('message', (data) => {
      const bytes = data as Buffer;
      const gradient = gradients[rank]!;
      new Uint8Array(gradient.buffer, gradient.byteOffset, gradient.byteLength).set(bytes);
      if (++arrived === workers) done();
    });
  });
  const until = () => new Promise<void>((resolve) => (done = resolve));
  const connected = until();
  process.send!({ url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` });
  await connected;
  let began = 0;
  for (let step = 0; step < WARM_UP + steps; step++) {
    if (step === WARM_UP) began = performance.now();
    arrived = 0;
    const all = until();
    const bytes = Buffer.from(weights.buffer, weights.byteOffset, weights.byteLength);
    for (const socket of sockets) socket.send(bytes);
    await all;
    const [sum, ...others] = gradients;
    for (const other of others) kernels.add(sum!, other);
    kernels.divide(sum!, BATCH);
    optimizer.update(
      kernels,
      { weights, next, gradient: sum!, slots: [momentum] },
      { learningRate: 0.01, t: step + 1 },
    );
    [weights, next] = [next, weights];
  }
  return (performance.now() - began) / steps;
}

/** The kernel's own high-water mark where there is one, else what is resident now. */
function peakMb(): number {
  try {
    const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))!;
    return Number(kilobytes) / 1000;
  } catch {
    return process.memoryUsage.rss() / 1e6;
  }
}
